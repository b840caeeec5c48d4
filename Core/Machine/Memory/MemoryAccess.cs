namespace Troupe.Core.Machine.Memory;

/// <summary>What an instruction wanted when it faulted.</summary>
public enum MemoryAccess
{
    /// <summary>To read.</summary>
    Read,

    /// <summary>To write.</summary>
    Write,

    /// <summary>To execute.</summary>
    Execute,
}
