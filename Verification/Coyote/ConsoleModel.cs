// VIRTIO 1.2, section 5.3.6.2, from the device's side; where the standard leaves it open, as QEMU 7.2 does it (hw/char/virtio-serial-bus.c).
using System.Buffers.Binary;
using System.Text;

namespace Troupe.Verification.Coyote;

/// <summary>
/// A console device with one named port, number 1, and a program of the host behind it, for Coyote. One task acts as both: whatever the program does, the device answers the driver before.
/// </summary>
internal sealed class ConsoleModel
{
    public const string PortName = "org.troupe.test";

    private const int Port = 1, PortCount = 2, PortCountOffset = 4, QueueSize = 16;
    private const int ControlReceive = 2, ControlSend = 3, Receive = 4, Send = 5;
    private const ushort DeviceReady = 0, DeviceAdd = 1, PortReady = 3, PortOpen = 6, SaysName = 7;

    // 5.3.3: MULTIPORT.
    private const ulong Multiport = 1UL << 1;

    private readonly StringBuilder _read = new();
    private bool _isOpen, _isReady, _isGuestOpen;

    public ConsoleModel()
    {
        Device = new VirtioModel((2 * PortCount) + 2, QueueSize, features: Multiport);
        Device.Configuration[PortCountOffset] = PortCount;
    }

    public VirtioModel Device { get; }

    /// <summary>What the program read from the port.</summary>
    public string Read => _read.ToString();

    /// <summary>The program opens the port, whether or not the driver is ready to hear of it.</summary>
    public void Open() => Do(() =>
    {
        _isOpen = true;
        Say(PortOpen, 1);
    });

    /// <summary>The program closes the port.</summary>
    public void Close() => Do(() =>
    {
        _isOpen = false;
        Say(PortOpen, 0);
    });

    /// <summary>The program writes, an octet in a buffer of its own, and waits until there is one.</summary>
    public void Write(string text)
    {
        foreach (var octet in text)
        {
            Until(() => TryWrite((byte)octet));
        }
    }

    /// <summary>The program reads, until it has read so much since the beginning.</summary>
    public void ReadUntil(int count) => Until(() =>
    {
        while (Device.TryPop(Send, out var head, out var octets))
        {
            _read.Append(Encoding.ASCII.GetString(octets.Span));
            Device.Push(Send, head, 0);
        }

        return _read.Length >= count;
    });

    /// <summary>The device breaks, and waits until the driver has started it again and is ready for the port.</summary>
    public void Reset()
    {
        Do(static () => { });
        _isReady = false;
        Device.AskForReset();
        Until(() => _isReady);
    }

    private void Until(Func<bool> step)
    {
        while (true)
        {
            var isDone = false;
            Do(() => isDone = step());
            if (isDone) return;
            Device.WaitForNotification();
        }
    }

    private void Do(Action step) => Device.Do(() =>
    {
        TakeControl();
        step();
    });

    private bool TryWrite(byte octet)
    {
        // A host is held back until the guest has the port open as well.
        if (!_isGuestOpen || !Device.TryPop(Receive, out var head, out var memory)) return false;
        memory.Span[0] = octet;
        Device.Push(Receive, head, 1);
        return true;
    }

    private void TakeControl()
    {
        while (Device.TryPop(ControlSend, out var head, out var octets))
        {
            var (port, what, value) = (BinaryPrimitives.ReadUInt32LittleEndian(octets.Span), BinaryPrimitives.ReadUInt16LittleEndian(octets.Span[4..]), octets.Span[6]);
            Device.Push(ControlSend, head, 0);
            switch (what)
            {
                case DeviceReady:
                    _isGuestOpen = false;
                    Say(DeviceAdd, 1);
                    break;
                case PortReady:
                    Assert.Equal((Port, 1), ((int)port, value));
                    _isReady = true;
                    Say(SaysName, 1, PortName);
                    if (_isOpen) Say(PortOpen, 1);
                    break;
                case PortOpen:
                    _isGuestOpen = value != 0;
                    break;
                default:
                    Assert.Fail($"a driver says no {what}");
                    break;
            }
        }
    }

    /// <summary>Says something of the port; if the driver has given no buffer, nobody hears of it.</summary>
    private void Say(ushort what, ushort value, string following = "")
    {
        if (!Device.TryPop(ControlReceive, out var head, out var memory)) return;
        var octets = memory.Span;
        BinaryPrimitives.WriteUInt32LittleEndian(octets, Port);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[4..], what);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[6..], value);
        Device.Push(ControlReceive, head, 8 + Encoding.ASCII.GetBytes(following, octets[8..]));
    }
}
