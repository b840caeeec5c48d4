namespace Troupe.Core.Machine.Memory;

/// <summary>The translation caches of the running processor.</summary>
public readonly struct KernelTranslation : ITranslation
{
    /// <inheritdoc/>
    public static void InvalidatePage(ulong virtualAddress) => Instructions.InvalidatePage(virtualAddress);

    /// <inheritdoc/>
    public static void FlushAll() => Instructions.FlushAll();
}
