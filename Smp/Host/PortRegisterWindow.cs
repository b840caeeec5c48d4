using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>Device registers in I/O port space (SDM vol. 1, 18).</summary>
internal sealed class PortRegisterWindow : RegisterWindow
{
    private readonly ushort _first;
    private volatile bool _isRevoked;

    internal PortRegisterWindow(ushort first, int length) : base(length) => _first = first;

    /// <summary>Takes the window away from its driver.</summary>
    internal void Revoke() => _isRevoked = true;

    /// <inheritdoc/>
    protected override byte Read8Core(int offset) => KernelCalls.In8(At(offset));

    /// <inheritdoc/>
    protected override ushort Read16Core(int offset) => KernelCalls.In16(At(offset));

    /// <inheritdoc/>
    protected override uint Read32Core(int offset) => KernelCalls.In32(At(offset));

    /// <inheritdoc/>
    protected override void Write8Core(int offset, byte value) => KernelCalls.Out8(At(offset), value);

    /// <inheritdoc/>
    protected override void Write16Core(int offset, ushort value) => KernelCalls.Out16(At(offset), value);

    /// <inheritdoc/>
    protected override void Write32Core(int offset, uint value) => KernelCalls.Out32(At(offset), value);

    /// <inheritdoc/>
    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset)
    {
        ulong address = PhysicalDmaBlock.AddressOf(target) + (ulong)targetOffset;
        Write32Core(offset, (uint)address);
        Write32Core(offset + 4, (uint)(address >> 32));
    }

    /// <inheritdoc/>
    protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset) =>
        Write32Core(offset, PhysicalDmaBlock.AddressIn32Bits(target, targetOffset));

    private ushort At(int offset) =>
        _isRevoked ? throw new CapabilityException("The device's grants were revoked.") : (ushort)(_first + offset);
}
