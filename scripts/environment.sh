# Sourced by the other scripts: makes .venv and installs nmt into it, once; then its programs are on PATH.
# Installs anew only when pyproject.toml or scripts/constraints.txt has changed.

find_python() {
    local candidate
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "error: no Python 3.11 or later on PATH; install one, then run this again" >&2
    return 1
}

make_environment() {
    local wanted python
    if ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
        python=$(find_python) || return 1
        echo "making .venv with $("$python" --version)" >&2
        rm -rf .venv
        if ! "$python" -m venv .venv >/dev/null; then
            echo "error: $python cannot make virtual environments; install its venv module (python3-venv on Debian)" >&2
            return 1
        fi
    fi
    wanted=$(cat pyproject.toml scripts/constraints.txt scripts/environment.sh | cksum)
    if [ "$(cat .venv/installed 2>/dev/null)" != "$wanted" ]; then
        echo "installing nmt and what it needs into .venv" >&2
        # The variable, unlike the option, also holds for the packages that build this one.
        PIP_CONSTRAINT="$PWD/scripts/constraints.txt" PIP_DISABLE_PIP_VERSION_CHECK=1 \
            .venv/bin/python -m pip install --quiet --editable '.[dev]' || return 1
        echo "$wanted" > .venv/installed
    fi
    export PATH="$PWD/.venv/bin:$PATH"
}
