// VIRTIO 1.2, section 5.3.6.2: multiport device operation.
using System.Buffers.Binary;
using System.Text;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <content>What the device says of its ports. It is believed as far as it makes sense; what does not is counted and changes nothing.</content>
public sealed partial class VirtioConsoleDevice
{
    /// <summary>Messages taken at once; more wait for the next look.</summary>
    private const int MaximumMessages = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ControlQueues? _control;

    /// <summary>One more than the highest number that a port can have.</summary>
    private uint _portLimit;
    private long _controlMessages, _controlIgnored, _portsRefused;

    private void TakeControl()
    {
        if (_control is not { } control)
        {
            return;
        }

        control.TakeSent();
        Span<byte> octets = stackalloc byte[ControlQueues.SlotLength];
        for (var count = 0; count < MaximumMessages && control.TryTake(octets, out var message, out var following); count++)
        {
            if (message.Port >= _portLimit)
            {
                throw new DeviceViolationException($"{Name} speaks of port {message.Port} and has {_portLimit}.");
            }

            if (TryHeed(control, message, octets[..following]))
            {
                _controlMessages++;
            }
            else
            {
                _controlIgnored++;
            }
        }
    }

    private bool TryHeed(ControlQueues control, ControlMessage message, ReadOnlySpan<byte> following)
    {
        if (message.Port >= MaximumPorts)
        {
            if (message.Event != ControlEvent.DeviceAdd)
            {
                return false;
            }

            _portsRefused++;
            control.Send(new ControlMessage(message.Port, ControlEvent.PortReady, 0));
            return true;
        }

        var port = _ports[message.Port];
        if (message.Event == ControlEvent.DeviceAdd)
        {
            return TryAdd(control, port);
        }

        if (!port.IsAdded)
        {
            // The host may open a port before the device was asked what ports it has. The device says so again when the driver is ready for the port.
            return message.Event == ControlEvent.PortOpen;
        }

        switch (message.Event)
        {
            case ControlEvent.DeviceRemove:
                // What came before is heard before.
                TakeAllOf(port);
                Remove(port);
                return true;
            case ControlEvent.ConsolePort:
                port.IsConsole = true;
                FindClientFor(port);
                return true;
            case ControlEvent.PortOpen when message.Value != 0:
                port.IsHostOpen = true;
                BeginIfOpen(port);
                return true;
            case ControlEvent.PortOpen:
                TakeAllOf(port);
                port.IsHostOpen = false;
                End(port);
                return true;
            case ControlEvent.PortName:
                return TryName(port, following);
            case ControlEvent.Resize when following.Length >= 2 * sizeof(ushort):
                // struct virtio_console_resize: columns, then rows.
                TellSize(port, BinaryPrimitives.ReadUInt16LittleEndian(following), BinaryPrimitives.ReadUInt16LittleEndian(following[sizeof(ushort)..]));
                return true;
            default:
                return false;
        }
    }

    private static bool TryAdd(ControlQueues control, ConsolePort port)
    {
        if (port.IsAdded)
        {
            return false;
        }

        port.IsAdded = true;
        control.Send(new ControlMessage((uint)port.Number, ControlEvent.PortReady, 1));
        return true;
    }

    private bool TryName(ConsolePort port, ReadOnlySpan<byte> octets)
    {
        // The standard has no zero at the end; QEMU sends one.
        octets = octets is [.. var name, 0] ? name : octets;
        if (port.Name is not null || octets.IsEmpty)
        {
            return false;
        }

        try
        {
            port.Name = StrictUtf8.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        FindClientFor(port);
        return true;
    }

    /// <summary>Takes what the device received for a port that had buffers to receive into.</summary>
    private void TakeAllOf(ConsolePort port)
    {
        if (port.Opening is not null)
        {
            TakeReceived(port);
        }
    }

    /// <summary>Without <see cref="VirtioConsoleFeatures.Multiport"/> there is one port, which is the console, and the host has it open.</summary>
    private void AddConsole()
    {
        var port = _ports[0];
        (port.IsAdded, port.IsConsole, port.IsHostOpen) = (true, true, true);
        FindClientFor(port);
    }

    private void Remove(ConsolePort port)
    {
        End(port);
        (port.IsAdded, port.IsConsole, port.IsHostOpen, port.Name) = (false, false, false, null);
        if (port.Client is { } client)
        {
            client.Port = null;
            port.Client = null;
        }
    }

    private void TellSize()
    {
        if (!IsMultiport && (_features & VirtioConsoleFeatures.Size) != 0)
        {
            var (columns, rows) = VirtioConsoleConfiguration.ReadSize(_transport);
            TellSize(_ports[0], columns, rows);
        }
    }

    private static void TellSize(ConsolePort port, int columns, int rows)
    {
        if (port.Opening is not null)
        {
            port.Client!.TellSize(columns, rows);
        }
    }
}
