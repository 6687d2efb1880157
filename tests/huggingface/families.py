"""Small random models of many families, and a batch of inputs for each; docs/transformers.md has the same table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
import transformers

VERSION = tuple(int(part) for part in transformers.__version__.split(".")[:2])
LATEST = (5, 23)
"""The first tested version that can choose the attention of some families."""

WIDTH, HEADS, LAYERS, WORDS = 16, 2, 2, 40
PAD, END, START = 0, 1, 2
TOKENS = dict(pad_token_id=PAD, eos_token_id=END, bos_token_id=START)
TEXT = dict(
    vocab_size=WORDS, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=32
)
SEQ2SEQ = dict(
    vocab_size=WORDS,
    d_model=WIDTH,
    encoder_layers=LAYERS,
    decoder_layers=LAYERS,
    encoder_attention_heads=HEADS,
    decoder_attention_heads=HEADS,
    encoder_ffn_dim=32,
    decoder_ffn_dim=32,
    max_position_embeddings=64,
    decoder_start_token_id=START,
    **TOKENS,
)
T5 = dict(
    vocab_size=WORDS,
    d_model=WIDTH,
    d_kv=8,
    d_ff=32,
    num_layers=LAYERS,
    num_heads=HEADS,
    decoder_start_token_id=PAD,
    **TOKENS,
)
WHISPER = dict(num_mel_bins=4, max_source_positions=8, max_target_positions=32, begin_suppress_tokens=[])
LLAMA = dict(TEXT, num_key_value_heads=1, head_dim=8, max_position_embeddings=64, **TOKENS)
GEMMA = dict(LLAMA, query_pre_attn_scalar=8, sliding_window=4)
IMAGE = dict(hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=32)
IMAGE.update(image_size=8, patch_size=2)
GPT2 = dict(vocab_size=WORDS, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=64, **TOKENS)
OPT = dict(TEXT, ffn_dim=32, word_embed_proj_dim=WIDTH, max_position_embeddings=64, **TOKENS)
DISTILBERT = dict(vocab_size=WORDS, dim=WIDTH, n_layers=LAYERS, n_heads=HEADS, hidden_dim=32)
MODERNBERT = dict(TEXT, local_attention=4, max_position_embeddings=64, cls_token_id=START, sep_token_id=END, **TOKENS)
DEEPSEEK = dict(TEXT, num_key_value_heads=HEADS, moe_intermediate_size=16, q_lora_rank=8, kv_lora_rank=8)
DEEPSEEK.update(qk_rope_head_dim=4, qk_nope_head_dim=8, v_head_dim=8, n_routed_experts=4, n_group=2, topk_group=1)
DEEPSEEK.update(num_experts_per_tok=2, first_k_dense_replace=1, n_shared_experts=1)
EXPERTS = dict(num_local_experts=2, num_experts_per_tok=1)
PROPHETNET = dict(vocab_size=WORDS, hidden_size=WIDTH, num_encoder_layers=LAYERS, num_decoder_layers=LAYERS, **TOKENS)
PROPHETNET.update(num_encoder_attention_heads=HEADS, num_decoder_attention_heads=HEADS, encoder_ffn_dim=32)
LED = dict(SEQ2SEQ, attention_window=4, max_encoder_position_embeddings=64, max_decoder_position_embeddings=64)
SWIN = dict(image_size=8, patch_size=1, embed_dim=WIDTH, depths=[2, 2], num_heads=[2, 2], window_size=2)


@dataclass(frozen=True)
class Family:
    """A model class, its configuration, and since when its attention can be chosen.

    Attributes:
        precise: whether the model runs in float64; experts do not.
        refusal: of a family that is refused, part of the message.
    """

    name: str
    model: str
    config: str
    settings: dict[str, Any]
    since: tuple[int, int] = (4, 53)
    precise: bool = True
    refusal: str = ""

    @property
    def is_seq2seq(self) -> bool:
        return "ConditionalGeneration" in self.model or "MTModel" in self.model

    @property
    def is_decoder(self) -> bool:
        return "CausalLM" in self.model or "LMHead" in self.model


WORKING = [
    Family("Marian", "MarianMTModel", "MarianConfig", SEQ2SEQ),
    Family("BART", "BartForConditionalGeneration", "BartConfig", dict(SEQ2SEQ, forced_eos_token_id=END)),
    Family("mBART", "MBartForConditionalGeneration", "MBartConfig", SEQ2SEQ),
    Family("M2M100 and NLLB", "M2M100ForConditionalGeneration", "M2M100Config", SEQ2SEQ),
    Family("Pegasus", "PegasusForConditionalGeneration", "PegasusConfig", SEQ2SEQ),
    Family("Blenderbot", "BlenderbotForConditionalGeneration", "BlenderbotConfig", SEQ2SEQ),
    Family("PLBart", "PLBartForConditionalGeneration", "PLBartConfig", SEQ2SEQ),
    Family("T5", "T5ForConditionalGeneration", "T5Config", T5, LATEST),
    Family("mT5", "MT5ForConditionalGeneration", "MT5Config", T5, LATEST),
    Family("UMT5", "UMT5ForConditionalGeneration", "UMT5Config", T5, LATEST),
    Family(
        "Switch",
        "SwitchTransformersForConditionalGeneration",
        "SwitchTransformersConfig",
        dict(T5, num_experts=2),
        LATEST,
    ),
    Family("Whisper", "WhisperForConditionalGeneration", "WhisperConfig", dict(SEQ2SEQ, **WHISPER)),
    Family("BERT", "BertForMaskedLM", "BertConfig", TEXT, LATEST),
    Family("RoBERTa", "RobertaForMaskedLM", "RobertaConfig", dict(TEXT, pad_token_id=PAD), LATEST),
    Family("XLM-RoBERTa", "XLMRobertaForMaskedLM", "XLMRobertaConfig", dict(TEXT, pad_token_id=PAD), LATEST),
    Family("ELECTRA", "ElectraForMaskedLM", "ElectraConfig", dict(TEXT, embedding_size=WIDTH), LATEST),
    Family("ALBERT", "AlbertForMaskedLM", "AlbertConfig", dict(TEXT, embedding_size=WIDTH), LATEST),
    Family("DistilBERT", "DistilBertForMaskedLM", "DistilBertConfig", DISTILBERT, LATEST),
    Family("ModernBERT", "ModernBertForMaskedLM", "ModernBertConfig", MODERNBERT, LATEST),
    Family("ViT", "ViTForImageClassification", "ViTConfig", IMAGE),
    Family("DeiT", "DeiTForImageClassification", "DeiTConfig", IMAGE),
    Family("DINOv2", "Dinov2ForImageClassification", "Dinov2Config", IMAGE),
    Family("BEiT", "BeitForImageClassification", "BeitConfig", IMAGE, LATEST),
    Family("CLIP's vision", "CLIPVisionModel", "CLIPVisionConfig", IMAGE),
    Family("GPT-2", "GPT2LMHeadModel", "GPT2Config", GPT2),
    Family("GPT-NeoX", "GPTNeoXForCausalLM", "GPTNeoXConfig", TEXT),
    Family("OPT", "OPTForCausalLM", "OPTConfig", OPT),
    Family("BioGPT", "BioGptForCausalLM", "BioGptConfig", TEXT),
    Family("Llama", "LlamaForCausalLM", "LlamaConfig", LLAMA),
    Family("Mistral", "MistralForCausalLM", "MistralConfig", dict(LLAMA, sliding_window=4)),
    Family("Mixtral", "MixtralForCausalLM", "MixtralConfig", dict(LLAMA, **EXPERTS), precise=False),
    Family("Qwen2", "Qwen2ForCausalLM", "Qwen2Config", LLAMA),
    Family("Qwen3", "Qwen3ForCausalLM", "Qwen3Config", LLAMA),
    Family("Phi", "PhiForCausalLM", "PhiConfig", dict(TEXT, **TOKENS)),
    Family("Phi-3", "Phi3ForCausalLM", "Phi3Config", LLAMA),
    Family("Gemma", "GemmaForCausalLM", "GemmaConfig", LLAMA),
    Family("Gemma 3", "Gemma3ForCausalLM", "Gemma3TextConfig", GEMMA),
    Family("OLMo 2", "Olmo2ForCausalLM", "Olmo2Config", LLAMA),
    Family("Cohere", "CohereForCausalLM", "CohereConfig", LLAMA),
    Family("Granite", "GraniteForCausalLM", "GraniteConfig", LLAMA),
    Family("StableLM", "StableLmForCausalLM", "StableLmConfig", LLAMA, LATEST),
    Family("StarCoder2", "Starcoder2ForCausalLM", "Starcoder2Config", LLAMA),
    Family("SmolLM3", "SmolLM3ForCausalLM", "SmolLM3Config", LLAMA),
    Family("DeepSeek-V3", "DeepseekV3ForCausalLM", "DeepseekV3Config", DEEPSEEK, precise=False),
]

NO_INTERFACE, NEVER_CALLED = "does not use Transformers' AttentionInterface", "was run, and never called evsoftmax"
REFUSED = [
    Family("DeBERTa", "DebertaForMaskedLM", "DebertaConfig", TEXT, refusal=NO_INTERFACE),
    Family("DeBERTa-v2", "DebertaV2ForMaskedLM", "DebertaV2Config", TEXT, refusal=NO_INTERFACE),
    Family("MPNet", "MPNetForMaskedLM", "MPNetConfig", TEXT, refusal=NO_INTERFACE),
    Family("Longformer", "LongformerForMaskedLM", "LongformerConfig", TEXT, refusal=NO_INTERFACE),
    Family("XLNet", "XLNetLMHeadModel", "XLNetConfig", dict(d_model=WIDTH, n_layer=1, n_head=2), refusal=NO_INTERFACE),
    Family("FSMT", "FSMTForConditionalGeneration", "FSMTConfig", dict(langs=["en", "de"]), refusal=NO_INTERFACE),
    Family("LED", "LEDForConditionalGeneration", "LEDConfig", LED, refusal=NO_INTERFACE),
    Family("MVP", "MvpForConditionalGeneration", "MvpConfig", SEQ2SEQ, refusal=NO_INTERFACE),
    Family("ProphetNet", "ProphetNetForConditionalGeneration", "ProphetNetConfig", PROPHETNET, refusal=NO_INTERFACE),
    Family("TrOCR", "TrOCRForCausalLM", "TrOCRConfig", dict(SEQ2SEQ, is_encoder_decoder=False), refusal=NO_INTERFACE),
    Family("XGLM", "XGLMForCausalLM", "XGLMConfig", dict(d_model=WIDTH, num_layers=1), refusal=NO_INTERFACE),
    Family("GPT-Neo", "GPTNeoForCausalLM", "GPTNeoConfig", {}, refusal=NO_INTERFACE),
    Family("GPT-J", "GPTJForCausalLM", "GPTJConfig", GPT2, refusal=NO_INTERFACE),
    Family("BLOOM", "BloomForCausalLM", "BloomConfig", dict(hidden_size=WIDTH, n_head=2), refusal=NO_INTERFACE),
    Family("Falcon", "FalconForCausalLM", "FalconConfig", TEXT, refusal=NO_INTERFACE),
    Family("MPT", "MptForCausalLM", "MptConfig", dict(d_model=WIDTH, n_heads=2, n_layers=1), refusal=NO_INTERFACE),
    Family("SigLIP's vision", "SiglipVisionModel", "SiglipVisionConfig", IMAGE, refusal="MultiheadAttention"),
    Family(
        "BigBird-Pegasus",
        "BigBirdPegasusForConditionalGeneration",
        "BigBirdPegasusConfig",
        dict(SEQ2SEQ, attention_type="original_full"),
        refusal=NEVER_CALLED,
    ),
    Family(
        "LongT5",
        "LongT5ForConditionalGeneration",
        "LongT5Config",
        dict(T5, local_radius=4),
        LATEST,
        refusal=NEVER_CALLED,
    ),
    Family(
        "MiniMax",
        "MiniMaxForCausalLM",
        "MiniMaxConfig",
        dict(LLAMA, **EXPERTS, layer_types=["linear_attention", "full_attention"]),
        precise=False,
        refusal=NEVER_CALLED,
    ),
    Family("Gemma 2", "Gemma2ForCausalLM", "Gemma2Config", GEMMA, refusal="passes softcap"),
    Family("gpt-oss", "GptOssForCausalLM", "GptOssConfig", dict(LLAMA, **EXPERTS), (4, 55), refusal="passes s_aux"),
    Family("Swin", "SwinForImageClassification", "SwinConfig", SWIN, LATEST, refusal="by adding -1"),
]


def family(name: str) -> Family:
    """The family called so; the test is skipped where this Transformers refuses it."""
    found = next(family for family in [*WORKING, *REFUSED] if family.name == name)
    if found.since > VERSION:
        pytest.skip(f"{name} needs Transformers {found.since[0]}.{found.since[1]} of the tested versions")
    return found


def build(chosen: Family, implementation: str, seed: int = 0, **changes: Any) -> transformers.PreTrainedModel:
    """A random model in evaluation mode; the same weights for every implementation."""
    config = getattr(transformers, chosen.config)(**{**chosen.settings, **changes})
    config._attn_implementation = implementation
    model = getattr(transformers, chosen.model)(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            centre, spread = (1.0, 0.1) if "norm" in name and name.endswith("weight") else (0.0, 0.35)
            if not parameter.requires_grad:  # sinusoids, which no checkpoint has
                continue
            parameter.copy_(centre + spread * torch.randn(parameter.shape, generator=generator))
    return (model.double() if chosen.precise else model).eval()


def inputs(chosen: Family, seed: int = 1) -> dict[str, torch.Tensor]:
    """A batch of three: padded on the right, on the left for decoders, and all visible for images and sound."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, WORDS, (3, 9), generator=generator)
    if "Image" in chosen.model or "Vision" in chosen.model:
        return {"pixel_values": torch.randn(3, 3, 8, 8, generator=generator).double()}
    if chosen.name == "Whisper":
        sound = torch.randn(3, 4, 16, generator=generator).double()
        return {"input_features": sound, "decoder_input_ids": ids[:, :6]}
    lengths = torch.tensor([[9], [6], [4]])
    places = torch.arange(9)
    mask = (places >= 9 - lengths) if chosen.is_decoder else (places < lengths)
    batch = {"input_ids": ids.where(mask, PAD), "attention_mask": mask.long()}
    return {**batch, "decoder_input_ids": ids[:, :6]} if chosen.is_seq2seq else batch


def result(chosen: Family, model: transformers.PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Logits or hidden states, those of padding aside."""
    with torch.no_grad():
        outputs = model(**batch)
    values = outputs.logits if hasattr(outputs, "logits") else outputs.last_hidden_state
    return values[batch["attention_mask"].bool()] if "attention_mask" in batch and not chosen.is_seq2seq else values
