"""The judgement: facts of a chart, pathways entered, recommendations decided, cards planned. Pure, without I/O or clock."""
