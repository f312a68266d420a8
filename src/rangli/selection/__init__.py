"""One way to select people, stores and products (圈人, 圈店, 圈品): named, versioned sets.

A region is a set of stores. Nobody else targets.
"""
