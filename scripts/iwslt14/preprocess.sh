#!/usr/bin/env bash
# 1 of 3: fetch IWSLT14 and the WMT model, bring the model to today's format, cut the corpus into its pieces.
#
#   scripts/iwslt14/preprocess.sh [--mirror DIR]    # options go to `onmt_evsoftmax fetch`
#
# What is done already is not done again.
. "$(dirname "$0")/common.sh"

for name in $FETCH; do
    onmt_evsoftmax fetch "$name" "$@"
done
[ -e "$START" ] || onmt_evsoftmax convert data/wmt_pretrained/averaged-10-epoch.pt "$START"
onmt_evsoftmax prepare "configs/$CORPUS.prepare.yaml"
