namespace Troupe.Drivers.Virtio;

/// <summary>Why a device interrupted; the numbers are those of the ISR and InterruptStatus registers (sections 4.1.4.5 and 4.2.2).</summary>
[Flags]
public enum VirtioInterruptCauses
{
    /// <summary>Not this device, or nothing new.</summary>
    None = 0,

    /// <summary>Buffers of some queue were used.</summary>
    Queue = 1,

    /// <summary>The device's configuration changed.</summary>
    Configuration = 2,
}
