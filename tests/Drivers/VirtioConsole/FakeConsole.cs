// VIRTIO 1.2, section 5.3: console device, from the device's side.
using System.Buffers.Binary;
using System.Text;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>The model of a virtio console device with ports: says of them what a well-behaved one says, or whatever a test likes.</summary>
internal sealed class FakeConsole
{
    public const ulong Size = 1UL << 0, Multiport = 1UL << 1;
    public const ulong Usual = VirtioFeatures.EventIndex | Multiport | Size;
    public const ushort DeviceReady = 0, DeviceAdd = 1, DeviceRemove = 2, PortReady = 3, ConsolePort = 4, Resize = 5, PortOpen = 6, PortName = 7;
    private const int ControlReceive = 2, ControlSend = 3;

    public FakeConsole(FakeMemory memory, ulong features = Usual, int ports = 4, int queueSize = 32)
    {
        Device = new FakeVirtioDevice(memory, VirtioDeviceType.Console, 2 * (ports + 1), queueSize, features);
        BinaryPrimitives.WriteUInt16LittleEndian(Device.Configuration, 80);
        BinaryPrimitives.WriteUInt16LittleEndian(Device.Configuration.AsSpan(2), 25);
        BinaryPrimitives.WriteUInt32LittleEndian(Device.Configuration.AsSpan(4), (uint)ports);
        Device.OnNotify = OnNotify;
    }

    /// <summary>A port that the device announces when it is asked to.</summary>
    public sealed record Port(int Number, byte[]? Name, bool IsOpen, bool IsConsole = false);

    public readonly record struct Message(uint Port, ushort Event, ushort Value);

    public FakeVirtioDevice Device { get; }

    public List<Port> Ports { get; } = [];

    /// <summary>What the driver said since the last reset, and before it.</summary>
    public List<Message> Said { get; } = [];

    /// <summary>What the host read from each port.</summary>
    public Dictionary<int, List<byte>> Read { get; } = [];

    /// <summary>Whether the host reads its ports, so that sent buffers come back.</summary>
    public bool HostReads { get; set; } = true;

    /// <summary>Whether messages of the driver are taken.</summary>
    public bool TakesControl { get; set; } = true;

    public static Port Named(int number, string name, bool isOpen = true) => new(number, Encoding.UTF8.GetBytes(name), isOpen);

    /// <summary>Says something of a port, and what follows it; false if the driver has given no buffer.</summary>
    public bool Say(uint port, ushort what, ushort value, params byte[] following)
    {
        var message = new byte[8 + following.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, port);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), what);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), value);
        following.CopyTo(message, 8);
        return TryPut(ControlReceive, message);
    }

    /// <summary>Something that is no message.</summary>
    public bool SayOctets(params byte[] octets) => TryPut(ControlReceive, octets);

    /// <summary>The host writes to a port; false if the driver has given no buffer.</summary>
    public bool Write(int port, ReadOnlySpan<byte> octets, int claimed = -1) => TryPut(ReceiveQueue(port), octets, claimed);

    /// <summary>The host reads what the driver has sent to a port.</summary>
    public void ReadPort(int port)
    {
        var queue = Device.Queues[ReceiveQueue(port) + 1];
        while (queue.TryPop(out var head, out var pieces))
        {
            Assert.All(pieces, static piece => Assert.False(piece.Writable));
            if (!Read.TryGetValue(port, out var octets))
            {
                Read.Add(port, octets = []);
            }

            pieces.ForEach(piece => octets.AddRange(Device.Memory.At(piece.Address, piece.Length)));
            queue.PushAndInterrupt((uint)head, 0);
        }
    }

    public string TextOf(int port) => Read.TryGetValue(port, out var octets) ? Encoding.UTF8.GetString([.. octets]) : string.Empty;

    /// <summary>Takes what the driver said, and answers as a well-behaved device does.</summary>
    public void TakeControl()
    {
        while (Device.Queues[ControlSend].TryPop(out var head, out var pieces))
        {
            var piece = Assert.Single(pieces);
            Assert.False(piece.Writable);
            var octets = Device.Memory.At(piece.Address, piece.Length);
            Message message = new(
                BinaryPrimitives.ReadUInt32LittleEndian(octets), BinaryPrimitives.ReadUInt16LittleEndian(octets[4..]), BinaryPrimitives.ReadUInt16LittleEndian(octets[6..]));
            Said.Add(message);
            Device.Queues[ControlSend].PushAndInterrupt((uint)head, 0);
            Answer(message);
        }
    }

    public static int ReceiveQueue(int port) => port == 0 ? 0 : (2 * port) + 2;

    private void Answer(Message message)
    {
        if (message.Event == DeviceReady)
        {
            Ports.ForEach(port => Say((uint)port.Number, DeviceAdd, 1));
        }
        else if (message is { Event: PortReady, Value: 1 } && Ports.Find(port => port.Number == message.Port) is { } port)
        {
            if (port.IsConsole)
            {
                Say(message.Port, ConsolePort, 1);
            }

            if (port.Name is { } name)
            {
                Say(message.Port, PortName, 1, name);
            }

            if (port.IsOpen)
            {
                Say(message.Port, PortOpen, 1);
            }
        }
    }

    private void OnNotify(int queue)
    {
        if (queue == ControlSend && Device.DriverFeatures is var features && (features & Multiport) != 0)
        {
            if (TakesControl)
            {
                TakeControl();
            }
        }
        else if (HostReads && queue % 2 == 1)
        {
            ReadPort(queue == 1 ? 0 : (queue - 3) / 2);
        }
    }

    private bool TryPut(int queue, ReadOnlySpan<byte> octets, int claimed = -1)
    {
        if (!Device.Queues[queue].TryPop(out var head, out var pieces))
        {
            return false;
        }

        var piece = Assert.Single(pieces);
        Assert.True(piece.Writable);
        octets.CopyTo(Device.Memory.At(piece.Address, piece.Length));
        Device.Queues[queue].PushAndInterrupt((uint)head, (uint)(claimed < 0 ? octets.Length : claimed));
        return true;
    }
}
