namespace Troupe.Smp.Host.Pci;

/// <summary>A base address register, sized by the kernel half at boot.</summary>
/// <param name="Address">Bus address or first port; 0: not assigned.</param>
/// <param name="Length">Bytes; 0: the register is empty.</param>
/// <param name="IsPort">I/O port space.</param>
internal readonly record struct BaseAddress(ulong Address, ulong Length, bool IsPort)
{
    /// <summary>Why there can be no window on it; null: there can.</summary>
    public string? Refusal => Length switch
    {
        0 => "is empty",
        > int.MaxValue => $"has {Length} bytes, and a register window at most {int.MaxValue}",
        _ when Address == 0 => $"has no {(IsPort ? "ports" : "address")} assigned",
        _ => null,
    };
}
