"""The entry point of ``python -m nmt_attn``, which is ``nmt``."""

from nmt_attn.cli.app import main

if __name__ == "__main__":
    main()
