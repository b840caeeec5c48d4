// VIRTIO 1.2, section 4: virtio transport options.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// How a driver reaches the registers of a virtio device, whatever bus it sits on. Used by one actor's turns only, except
/// for the callback of <see cref="ConnectInterrupts"/>.
/// </summary>
public interface IVirtioTransport
{
    /// <summary>Where the device is, for logs.</summary>
    string Name { get; }

    /// <summary>What the device is.</summary>
    VirtioDeviceType DeviceType { get; }

    /// <summary>Reads the device status.</summary>
    VirtioStatus ReadStatus();

    /// <summary>Writes the device status; <see cref="VirtioStatus.Reset"/> begins a reset, which is over when it reads back.</summary>
    void WriteStatus(VirtioStatus status);

    /// <summary>The features the device offers.</summary>
    ulong ReadDeviceFeatures();

    /// <summary>The features the driver takes.</summary>
    void WriteDriverFeatures(ulong features);

    /// <summary>The most descriptors queue <paramref name="queue"/> may have; 0 if there is no such queue.</summary>
    int ReadMaximumQueueSize(int queue);

    /// <summary>Tells the device where a queue's parts are in <paramref name="rings"/> and switches the queue on.</summary>
    void EnableQueue(int queue, DmaBlock rings, VirtqueueLayout layout);

    /// <summary>Tells the device that buffers were made available in <paramref name="queue"/>.</summary>
    void Notify(int queue);

    /// <summary>A number that changes when the device-specific configuration does.</summary>
    uint ReadConfigurationGeneration();

    /// <summary>Bytes of device-specific configuration there are at most.</summary>
    int ConfigurationLength { get; }

    /// <summary>Reads an 8-bit field of the device-specific configuration.</summary>
    byte ReadConfiguration8(int offset);

    /// <summary>Reads a 16-bit field of the device-specific configuration.</summary>
    ushort ReadConfiguration16(int offset);

    /// <summary>Reads a 32-bit field of the device-specific configuration.</summary>
    uint ReadConfiguration32(int offset);

    /// <summary>
    /// Has <paramref name="onInterrupt"/> called for any interrupt of the device. Called after each reset and before the queues
    /// are enabled, because a reset also forgets message vectors.
    /// </summary>
    void ConnectInterrupts(Action onInterrupt);

    /// <summary>How many groups of queues can interrupt apart from each other, each on a processor of its own (<see cref="ConnectQueueInterrupts"/>); 0 where all share one source.</summary>
    int SeparateInterrupts => 0;

    /// <summary>
    /// Has <paramref name="onInterrupt"/> called on the worker of <paramref name="processor"/> for interrupts of <paramref name="count"/> queues from <paramref name="firstQueue"/>
    /// on, and for these no other. Called after <see cref="ConnectInterrupts"/> and before they are enabled, <see cref="SeparateInterrupts"/> times at most.
    /// </summary>
    void ConnectQueueInterrupts(int firstQueue, int count, Action onInterrupt, int processor) => throw new NotSupportedException($"{Name} has one interrupt for all queues.");

    /// <summary>
    /// Takes note of why the device interrupted and, on a level-triggered line, makes the device lower it. Comes
    /// <b>before</b> the rings are looked at: what the device does after this interrupts anew.
    /// </summary>
    VirtioInterruptCauses TakeInterruptCauses();

    /// <summary>Lets a level-triggered line fire again. Comes after <see cref="TakeInterruptCauses"/>.</summary>
    void AcknowledgeInterrupt();

    /// <summary>Ends callbacks.</summary>
    void DisconnectInterrupts();

    /// <summary>Lets the device reach memory, or keeps it from it, where the bus can.</summary>
    void SetMemoryAccess(bool enabled);
}
