# Sourced by the three scripts: which corpus, which model to start from, where the results go.
# Each of these can be set in the environment; the defaults are the paper's experiment.
set -eo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"

CORPUS="${CORPUS:-iwslt14_wmt_ende}"            # configs/$CORPUS.yaml and configs/$CORPUS.prepare.yaml
START="${START:-runs/wmt_pretrained/model.pt}"  # the softmax model that every function starts from
FETCH="${FETCH-iwslt14_ende wmt_pretrained}"    # what has to be downloaded first; may be empty
OUT="${OUT:-runs/$CORPUS}"                      # OUT/FUNCTION.SEED.*
PREPARED="${PREPARED:-data/prepared/$CORPUS}"   # where `prepare` put the corpus
# how the authors scored: lower case, sacrebleu's own tokenizer
SCORING="${SCORING:---ref $PREPARED/test.tok.de --hyp_segmentation sentencepiece --lowercase}"

case "${1-}" in
-h | --help) # the comment at the head of the script
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
    exit 0
    ;;
esac

# Called as FUNCTION SEED [options]: sets function, seed, run, options, and what the function is trained as.
read_arguments() {
    if [ $# -lt 2 ]; then
        echo "usage: $0 FUNCTION SEED [options of $command]" >&2
        exit 2
    fi
    function="$1" seed="$2" options=("${@:3}")
    run="$OUT/$function.$seed"
    trained_as="$(python -m onmt_evsoftmax.sweep.trained_as "$function")"
}
