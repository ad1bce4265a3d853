"""``python -m nmt_attn`` is ``nmt``."""

from nmt_attn.cli.app import main

if __name__ == "__main__":
    main()
