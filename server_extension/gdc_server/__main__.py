"""``python -m gdc_server`` is ``jupyter gdc``."""

import sys

from gdc_server.app import main

sys.exit(main())
