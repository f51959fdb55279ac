"""Adds up test reports (JUnit XML and Visual Studio's trx) and prints `N passed, N failed, N skipped`.

A report that is missing, broken or empty counts as one failure: a suite that did not run has not passed.
"""
import sys
import xml.etree.ElementTree as ElementTree


def tally_junit(root):
    cases = list(root.iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return len(cases) - failed - skipped, failed, skipped


def tally_trx(root):
    namespace = {"t": root.tag.partition("}")[0].lstrip("{")}
    outcomes = [result.get("outcome") for result in root.iterfind(".//t:UnitTestResult", namespace)]
    passed = outcomes.count("Passed")
    skipped = outcomes.count("NotExecuted")
    return passed, len(outcomes) - passed - skipped, skipped


def tally(path):
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        print(f"no report at {path}: its suite did not run to its end")
        return 0, 1, 0
    counts = tally_trx(root) if root.tag.endswith("TestRun") else tally_junit(root)
    if not any(counts):
        print(f"no test in {path}")
        return 0, 1, 0
    return counts


passed, failed, skipped = (sum(counts) for counts in zip(*map(tally, sys.argv[1:])))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
