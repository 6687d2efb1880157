#!/usr/bin/env bash
# 3 of 3: translate the test set with one function and seed, read its attention, score.
#
#   scripts/iwslt14/evaluate.sh evsoftmax 1 -gpu 0            # options go to onmt_translate
#   scripts/iwslt14/evaluate.sh posthoc_evidential 1 -gpu 0   # a translation of softmax's model of that seed
. "$(dirname "$0")/common.sh"
command=onmt_translate
read_arguments "$@"
model="$run.pt" override=()
if [ "$function" != "$trained_as" ]; then
    model="$OUT/$trained_as.$seed.pt" override=(-self_attn_function "$function")
fi
if [ ! -e "$model" ]; then
    echo "$0: no $model; make it with: scripts/iwslt14/finetune.sh $(basename "${model%.pt}" | tr . ' ')" >&2
    exit 2
fi

source="$PREPARED/test.en"
onmt_translate -model "$model" "${override[@]}" -src "$source" -beam_size 5 "${options[@]}" -output "$run.part"
mv "$run.part" "$run.hyp"
onmt_evsoftmax attend --model "$model" "${override[@]/#-self/--self}" --src "$source" --hyp "$run.hyp" --out "$run.npz"
# shellcheck disable=SC2086  # SCORING is several words
onmt_evsoftmax score --hyp "$run.hyp" $SCORING --attention "$run.npz" \
    --function "$function" --seed "$seed" --json "$run.json"
echo "all that is scored so far, side by side: onmt_evsoftmax compare $OUT/*.json"
