/* envcheck: will the GPU software in this image, wheel or folder run on that host? */
#include <stdlib.h>

#include "cmd/cmd.h"

int main(int argc, char **argv)
{
	exit(cmd_main(argc, argv));
}
