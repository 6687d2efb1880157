#!/usr/bin/env bash
# 2 of 3: fine-tune the pretrained model with one function and one seed, and average the last three checkpoints.
#
#   scripts/iwslt14/finetune.sh evsoftmax 1 -world_size 1 -gpu_ranks 0    # options go to onmt_train
#
# Interrupted, the same command continues from the last whole checkpoint.
. "$(dirname "$0")/common.sh"
command=onmt_train
read_arguments "$@"
if [ "$function" != "$trained_as" ]; then
    echo "$0: $function is not trained: fine-tune $trained_as, then evaluate.sh $function $seed" >&2
    exit 2
fi

checkpoints() { python -m onmt_evsoftmax.sweep.checkpoints "$run"; }

if [ ! -e "$run.trained" ]; then
    last="$(checkpoints | tail -n 1)"
    if [ -z "$last" ]; then
        start=(-train_from "$START" -reset_optim all -seed "$seed")
    else # in another order: with the same seed it would see its first batches a second time
        step="${last##*_step_}"
        start=(-train_from "$last" -seed "$((seed + ${step%.pt}))")
    fi
    mkdir -p "$OUT"
    onmt_train -config "configs/$CORPUS.yaml" -self_attn_function "$function" -save_model "$run" \
        "${start[@]}" "${options[@]}"
    touch "$run.trained"
fi
IFS=$'\n' last_three=($(checkpoints | tail -n 3))
onmt_average_models -models "${last_three[@]}" -output "$run.part"
mv "$run.part" "$run.pt"
