namespace Troupe.Smp.Host.Pci;

/// <summary>A base address register, sized by the kernel half at boot.</summary>
/// <param name="Address">Bus address or first port; 0: not assigned.</param>
/// <param name="Length">Bytes; 0: the register is empty.</param>
/// <param name="IsPort">I/O port space.</param>
internal readonly record struct BaseAddress(ulong Address, ulong Length, bool IsPort);
