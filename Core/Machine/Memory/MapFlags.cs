namespace Troupe.Core.Machine.Memory;

/// <summary>How a mapping is made.</summary>
[Flags]
public enum MapFlags
{
    /// <summary>Anywhere, the hint if it is free.</summary>
    None = 0,

    /// <summary>MAP_FIXED: exactly there, replacing what is there.</summary>
    Fixed = 1,

    /// <summary>MAP_FIXED_NOREPLACE: exactly there, or not at all.</summary>
    NoReplace = 2,

    /// <summary>MAP_STACK: charged a little, grows from the stack reserve (docs/memory.md).</summary>
    Stack = 4,

    /// <summary>The lowest page becomes a guard page; not together with a fixed address.</summary>
    Guard = 8,
}
