# nmt in a container. Build and run it as README.md says; the working directory inside is /work.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim

# Where pip also looks for torch: by default an index of builds for the CPU alone, which are small. Left empty, pip takes
# the build that comes with CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY scripts/constraints.txt scripts/
COPY nmt_attn nmt_attn
COPY configs configs
COPY data/tiny/eng-fra.tsv data/tiny/
COPY data/sentiment/reviews.tsv data/sentiment/
COPY docs/configuration.schema.json docs/
# The variable, unlike the option, also holds for the packages that build this one.
RUN PIP_CONSTRAINT=/source/scripts/constraints.txt pip install --no-cache-dir \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} '.[plots]'

WORKDIR /work
ENTRYPOINT ["nmt"]
