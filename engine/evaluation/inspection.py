"""What the features of a network tell about a dataset, beyond what its rows say: layer two of the report.

A report is {"version", "backbone", "pictures", "findings", "leakage" (None where there is nothing to measure),
"seconds" {phase: seconds}}. Findings have the shape of engine.data.check, with these kinds besides or more of:

    kind           about                                                      fixes
    label_error    "questions" [{item, file, given, suggested, confidence}]   remove is up to the person: none are offered
    outlier        "questions" [{item, file, given, distance}], farthest first
    inseparable    two classes confused nearly as often as not, a finding each merge (two), collect
    look_alikes    "families" [[id]] the network found: cropped, lightened,    keep_one
                   mirrored; a family holds two pictures and more
    conflict, across_splits    as in layer one, for families only the network found
    blank, blurred, ...        for pictures that were brought in before these were measured
    leakage        the result with copies or groups on both sides, measured; the same numbers in report["leakage"]:
                   {"reason" ("copies", "groups" or "both"), "apart" and "mixed" {accuracy, interval, correct, count},
                    "within_chance", "message", "values"}

label_error and outlier are questions: "items" are their items, in the order of "questions", and nothing is changed
before a person says so. A relabel is change_each(dataset, {item: {"label": suggested}}, summary).
"""
