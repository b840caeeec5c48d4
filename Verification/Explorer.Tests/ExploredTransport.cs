using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;
using Troupe.Verification.Protocols;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>A virtio device with one queue, in the explorer: notifications and interrupts are words. A register is written behind what the driver stored before (SDM vol. 3, 12.3.1: writes to uncacheable memory are not reordered).</summary>
internal sealed class ExploredTransport(int queueSize, ulong features, DmaBlock buffers) : IVirtioTransport
{
    private readonly int[] _bell = new int[1];
    private readonly int[] _interrupt = new int[1];

    /// <summary>The device's side, once the driver has made the queue.</summary>
    public ModelQueue Device { get; private set; } = null!;

    public string Name => "explored";

    public VirtioDeviceType DeviceType => VirtioDeviceType.Network;

    public int ConfigurationLength => 0;

    public void NameWords(Scenario scenario)
    {
        scenario.Name(ref _bell[0], "notification");
        scenario.Name(ref _interrupt[0], "interrupt");
    }

    public int ReadMaximumQueueSize(int queue) => queueSize;

    public void EnableQueue(int queue, DmaBlock rings, VirtqueueLayout layout) =>
        Device = ModelQueue.Create(features, rings, layout, at => (buffers, ((ExploredBlock)rings).AddressAt(at)));

    public void Notify(int queue) => ExplorerMemory.StoreRelease(ref _bell[0], 1);

    public void WaitForNotification() => Wait(_bell);

    public void Interrupt() => ExplorerMemory.StoreRelease(ref _interrupt[0], 1);

    public void WaitForInterrupt() => Wait(_interrupt);

    public VirtioStatus ReadStatus() => throw new NotSupportedException();

    public void WriteStatus(VirtioStatus status) => throw new NotSupportedException();

    public ulong ReadDeviceFeatures() => throw new NotSupportedException();

    public void WriteDriverFeatures(ulong features) => throw new NotSupportedException();

    public uint ReadConfigurationGeneration() => throw new NotSupportedException();

    public byte ReadConfiguration8(int offset) => throw new NotSupportedException();

    public ushort ReadConfiguration16(int offset) => throw new NotSupportedException();

    public uint ReadConfiguration32(int offset) => throw new NotSupportedException();

    public void ConnectInterrupts(Action onInterrupt) => throw new NotSupportedException();

    public VirtioInterruptCauses TakeInterruptCauses() => throw new NotSupportedException();

    public void AcknowledgeInterrupt() => throw new NotSupportedException();

    public void DisconnectInterrupts() => throw new NotSupportedException();

    public void SetMemoryAccess(bool enabled) => throw new NotSupportedException();

    private static void Wait(int[] word)
    {
        Explored.WaitUntil(() => ExplorerMemory.LoadAcquire(ref word[0]) != 0);
        ExplorerMemory.Exchange(ref word[0], 0);
    }
}
