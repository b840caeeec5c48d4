// An exploration freezes the heap and has the process to itself.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
