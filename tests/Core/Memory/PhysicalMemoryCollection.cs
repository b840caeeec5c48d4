namespace Troupe.Core.Tests.Memory;

/// <summary>Tests share one native buffer as physical memory, so they run one after the other.</summary>
[CollectionDefinition("physical memory", DisableParallelization = true)]
public sealed class PhysicalMemoryCollection;
