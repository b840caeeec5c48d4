// VIRTIO 1.2, section 5.3.6.2: multiport device operation, struct virtio_console_control.
using System.Buffers.Binary;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>What a <see cref="ControlMessage"/> says; the numbers are the standard's.</summary>
internal enum ControlEvent : ushort
{
    /// <summary>VIRTIO_CONSOLE_DEVICE_READY, from the driver: it is ready for the others.</summary>
    DeviceReady = 0,

    /// <summary>VIRTIO_CONSOLE_DEVICE_ADD: there is a port.</summary>
    DeviceAdd = 1,

    /// <summary>VIRTIO_CONSOLE_DEVICE_REMOVE: the port is gone.</summary>
    DeviceRemove = 2,

    /// <summary>VIRTIO_CONSOLE_PORT_READY, from the driver: it can use the port, or cannot (0).</summary>
    PortReady = 3,

    /// <summary>VIRTIO_CONSOLE_CONSOLE_PORT: the port is a console.</summary>
    ConsolePort = 4,

    /// <summary>VIRTIO_CONSOLE_RESIZE: a console has another size, which follows.</summary>
    Resize = 5,

    /// <summary>VIRTIO_CONSOLE_PORT_OPEN, from both: the port is open at the sender's end (1), or is not (0).</summary>
    PortOpen = 6,

    /// <summary>VIRTIO_CONSOLE_PORT_NAME: the port's name, which follows.</summary>
    PortName = 7,
}

/// <summary>A message about a port, without what follows it.</summary>
/// <param name="Port">The port's number.</param>
/// <param name="Event">What is said.</param>
/// <param name="Value">1 or 0, where it says yes or no.</param>
internal readonly record struct ControlMessage(uint Port, ControlEvent Event, ushort Value)
{
    public const int Length = 8;

    private const int EventOffset = 4;
    private const int ValueOffset = 6;

    public static ControlMessage Read(ReadOnlySpan<byte> octets) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(octets),
        (ControlEvent)BinaryPrimitives.ReadUInt16LittleEndian(octets[EventOffset..]),
        BinaryPrimitives.ReadUInt16LittleEndian(octets[ValueOffset..]));

    public void Write(Span<byte> octets)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(octets, Port);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[EventOffset..], (ushort)Event);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[ValueOffset..], Value);
    }
}
