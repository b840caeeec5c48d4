namespace Troupe.Core.Machine;

/// <summary>
/// The seam to a virtio device whose only queue in use is number 0, with one entry, polled (VIRTIO 1.2, 2.1, 2.2, 2.6). The kernel half asks an
/// entropy device through it at boot; whatever else drives a device is an actor (Drivers).
/// </summary>
public interface IPolledTransport
{
    /// <summary>Reads the device status field.</summary>
    byte ReadStatus();

    /// <summary>Writes the device status field; 0 resets the device.</summary>
    void WriteStatus(byte status);

    /// <summary>Reads 32 of the device's feature bits: word 0 or 1.</summary>
    uint ReadDeviceFeatures(uint word);

    /// <summary>Writes 32 of the driver's feature bits.</summary>
    void WriteDriverFeatures(uint word, uint features);

    /// <summary>Enables queue 0 with one entry; false where the device has no such queue.</summary>
    bool TryEnableQueue(ulong descriptors, ulong available, ulong used);

    /// <summary>Tells the device to look at queue 0.</summary>
    void Notify();
}
