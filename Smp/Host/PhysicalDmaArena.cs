using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>Memory for one device, from the kernel's frames below 4 GiB, in whole pages.</summary>
internal sealed unsafe class PhysicalDmaArena(long limit) : DmaArena(limit)
{
    /// <inheritdoc/>
    protected override DmaBlock AllocateCore(int length, int alignment)
    {
        byte* address = (byte*)KernelCalls.Require($"hand out {length} bytes for a device", Kernel.HostCall.AllocateDma, length, alignment);
        return new PhysicalDmaBlock(this, address, length);
    }

    /// <inheritdoc/>
    protected override void FreeCore(DmaBlock block) =>
        KernelCalls.Require("take device memory back", Kernel.HostCall.FreeDma, (long)((PhysicalDmaBlock)block).Address, block.Length);
}
