"""How fast seats are sold, beside other ways to sell them: make bench, or python bench/flash_sale.py [quick].

Everything runs on a server of the benchmark's own. The figures go to docs/benchmarks.md, the drawing to
docs/flash-sale.svg; quick prints the ratios only.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import chart
import costs
import designs
import flash_sale_report
import own_server
import report
from designs import ROOT
from flash_sale_report import Facts
from learnhub_db.errors import LearnHubError
from measuring import FULL, QUICK, RATIOS, SLOW_DISK, THIS_DISK, Bench, Plan

DIRECTORY = ROOT / ".learnhub/bench"
DATABASE = "learnhub_bench"


def main(quick: bool) -> None:
    """Measure, and print the ratios or write the report."""
    own_server.check_programs()
    bench, facts = _measured(QUICK if quick else FULL, quick)
    if not quick:
        report.put("flash sales", flash_sale_report.text(bench, facts))
        chart.draw(flash_sale_report.points(bench))
    for ratio in RATIOS:
        found = median(bench.each(ratio))
        reached = "" if found >= ratio.wanted else "  not reached"
        print(f"{ratio.name:52} {found:6.2f}  wanted {ratio.wanted:5.2f}{reached}")


def _measured(plan: Plan, quick: bool) -> tuple[Bench, Facts]:
    """The plan's runs on both disks, and what the report tells beside them."""
    bench = Bench(plan)
    with own_server.running(DIRECTORY, DATABASE) as caller, designs.school(caller.target) as school:
        machine = report.machine(school.connection, list(own_server.SETTINGS), *own_server.described(DIRECTORY))
        begun = time.perf_counter()
        school.sale()
        facts = Facts(machine, time.perf_counter() - begun)
        bench.compare(caller, school, THIS_DISK)
        bench.fold(caller, school)
        bench.purchases(caller, school)
        bench.sell_out(caller, school)
        if not quick:
            facts.costs = costs.text(caller, school)
    with own_server.running(DIRECTORY, DATABASE, slow=True) as caller, designs.again(caller.target) as school:
        bench.compare(caller, school, SLOW_DISK)
    return bench, facts


if __name__ == "__main__":
    try:
        main(quick=sys.argv[1:] == ["quick"])
    except LearnHubError as error:
        sys.exit(f"error: {error}")
