using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>Memory for one device, from the kernel's frames below 4 GiB, in whole pages.</summary>
internal sealed unsafe class PhysicalDmaArena(long limit) : DmaArena(limit)
{
    /// <inheritdoc/>
    protected override DmaBlock AllocateCore(int length, int alignment)
    {
        if (DeviceFaults.IsBuiltIn)
        {
            byte* guarded = (byte*)KernelCalls.Require($"hand out {length} bytes for a device", Kernel.HostCall.AllocateDma, length + (2 * DeviceFaults.GuardLength), DeviceFaults.GuardLength);
            var between = new PhysicalDmaBlock(this, guarded + DeviceFaults.GuardLength, length);
            DeviceFaults.Allocated(between);
            return between;
        }

        byte* address = (byte*)KernelCalls.Require($"hand out {length} bytes for a device", Kernel.HostCall.AllocateDma, length, alignment);
        return new PhysicalDmaBlock(this, address, length);
    }

    /// <inheritdoc/>
    protected override void FreeCore(DmaBlock block)
    {
        var physical = (PhysicalDmaBlock)block;
        if (DeviceFaults.IsBuiltIn)
        {
            DeviceFaults.Freed(physical);
            KernelCalls.Require("take device memory back", Kernel.HostCall.FreeDma, (long)physical.Address - DeviceFaults.GuardLength, block.Length + (2 * DeviceFaults.GuardLength));
            return;
        }

        KernelCalls.Require("take device memory back", Kernel.HostCall.FreeDma, (long)physical.Address, block.Length);
    }
}
