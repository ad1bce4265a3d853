"""The JSON schema of a configuration, by which editors complete and check one while it is written."""

from __future__ import annotations

import json

from nmt_attn.config.schema import Config


def schema_text() -> str:
    """Return the schema as the text of a file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
