"""Adds up test reports (JUnit XML and Visual Studio's trx) and prints `N passed, N failed, N skipped`.

    tally.py REPORT=EXIT_CODE...

A suite whose report is missing, broken or empty, or that failed where its report shows nothing, counts as one failure: what
did not run to its end has not passed.
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


def tally(outcome):
    path, _, exit_code = outcome.rpartition("=")
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        print(f"no report at {path}: its suite did not run to its end")
        return 0, 1, 0
    counts = tally_trx(root) if root.tag.endswith("TestRun") else tally_junit(root)
    if not any(counts):
        print(f"no test in {path}")
        return 0, 1, 0
    passed, failed, skipped = counts
    if exit_code != "0" and failed == 0:
        print(f"the suite of {path} ended with {exit_code} and no failed test")
        failed = 1
    return passed, failed, skipped


passed, failed, skipped = (sum(counts) for counts in zip(*map(tally, sys.argv[1:])))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
