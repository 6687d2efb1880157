"""The start-up hook: in which processes is the plugin active, and what does it cost."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from onmt_evsoftmax.plugin.startup import ACTIVE

PROBE = f"getattr(onmt, {ACTIVE!r}, False)"


def python(code: str, **environment) -> str:
    """What a fresh interpreter prints for ``code``."""
    import os

    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_importing_opennmt_activates_the_plugin():
    assert python(f"import onmt; print({PROBE})") == "True"


def test_importing_the_package_activates_without_the_hook():
    assert python(f"import onmt_evsoftmax.opennmt, onmt; print({PROBE})", ONMT_EVSOFTMAX="0") == "True"


def test_the_environment_variable_switches_it_off():
    code = """
        import onmt, argparse, onmt.opts
        from onmt.utils.parse import ArgumentParser
        parser = ArgumentParser()
        onmt.opts.model_opts(parser)
        print(any(action.dest == "self_attn_function" for action in parser._actions))
    """
    assert python(code, ONMT_EVSOFTMAX="0") == "False"
    assert python(code, ONMT_EVSOFTMAX="1") == "True"


def test_start_up_imports_no_third_party_package():
    heavy = ("torch", "numpy", "onmt", "argparse", "importlib.metadata")
    assert python(f"import sys; print([name for name in {heavy} if name in sys.modules])") == "[]"
    assert python("import sys; print('onmt_evsoftmax.plugin.startup' in sys.modules)") == "True"


def test_activation_is_idempotent():
    code = """
        import onmt, onmt.model_builder
        from onmt_evsoftmax.opennmt.activation import activate
        before = onmt.model_builder.build_base_model
        activate(); activate()
        print(before is onmt.model_builder.build_base_model)
    """
    assert python(code) == "True"


def test_a_missing_seam_is_an_error_that_names_it():
    code = """
        import onmt, onmt.model_builder
        from onmt_evsoftmax.opennmt import activation
        from onmt_evsoftmax.plugin.startup import ACTIVE
        delattr(onmt, ACTIVE)
        del onmt.model_builder.load_test_model
        try:
            activation.activate()
        except RuntimeError as error:
            print(error)
    """
    assert "onmt.model_builder.load_test_model" in python(code)


def test_an_untested_version_warns():
    code = """
        import onmt, warnings
        from onmt_evsoftmax.opennmt import activation
        from onmt_evsoftmax.plugin.startup import ACTIVE
        delattr(onmt, ACTIVE)
        onmt.__version__ = "3.4.2"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            activation.activate()
        print([str(warning.message) for warning in caught])
    """
    assert "3.4.2" in python(code)


def test_other_imports_are_left_alone():
    code = """
        import sys, json, onmt_evsoftmax.plugin.startup as startup
        assert startup.is_armed()
        try:
            import no_such_module_of_mine
        except ModuleNotFoundError as error:
            print(error.name)
    """
    assert python(code) == "no_such_module_of_mine"


def test_asking_for_the_module_is_no_import():
    """As libraries do that look which others are installed."""
    assert python(f"import importlib.util as u; u.find_spec('onmt'); import onmt; print({PROBE})") == "True"


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_children_of_multiprocessing_are_active(method, tmp_path):
    script = tmp_path / "children.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys, warnings
            warnings.simplefilter("ignore")
            import torch.multiprocessing as multiprocessing

            def child(queue):
                import torch, onmt
                from onmt.modules import MultiHeadedAttention
                from onmt_evsoftmax.opennmt.functions import AttentionFunctions
                from onmt_evsoftmax.opennmt.modules import install
                queue.put({PROBE})

            if __name__ == "__main__":
                context = multiprocessing.get_context({method!r})
                queue = context.Queue()
                process = context.Process(target=child, args=(queue,))
                process.start()
                print(queue.get(timeout=120))
                process.join()
            """
        )
    )
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == "True", result.stderr


def test_data_loader_workers_are_active(tmp_path):
    script = tmp_path / "loader.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import warnings
            warnings.simplefilter("ignore")
            from torch.utils.data import DataLoader, Dataset

            class Probe(Dataset):
                def __len__(self):
                    return 2

                def __getitem__(self, index):
                    import onmt
                    return int({PROBE})

            if __name__ == "__main__":
                loader = DataLoader(Probe(), num_workers=2, multiprocessing_context="spawn")
                print([int(batch) for batch in loader])
            """
        )
    )
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == "[1, 1]", result.stderr
