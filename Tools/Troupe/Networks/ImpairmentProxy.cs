using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Troupe.Tools.Networks;

/// <summary>
/// A bad link between a guest and an interface of this host: QEMU's end is a Unix datagram socket (<c>-netdev dgram</c>), the other a packet socket. Neither end
/// leaves checksums to the other: a dgram network offers the guest no offload, and the interface's are switched off.
/// </summary>
public sealed class ImpairmentProxy : IDisposable
{
    /// <summary>More than any frame of a 9,000-byte MTU.</summary>
    private const int LongestFrame = 16 * 1024;

    /// <summary>How long until a carrier sees that it is over: no call on a packet socket is ended by closing it.</summary>
    private const int ReceiveMilliseconds = 100;

    private readonly Socket _guest;
    private readonly Socket _wire;
    private readonly ImpairedDirection _toGuest;
    private readonly ImpairedDirection _toWire;
    private readonly DelayLine<Carried> _guestLine;
    private readonly DelayLine<Carried> _wireLine;
    private readonly SilenceWatch _guestSends = new();
    private readonly string _guestPath;
    private readonly Thread[] _carriers;
    private volatile bool _ended;

    /// <summary>Opens both ends, and carries frames until <see cref="Dispose"/>.</summary>
    /// <param name="interfaceName">The host's interface.</param>
    /// <param name="ownPath">Where the proxy's Unix socket is made; QEMU sends there.</param>
    /// <param name="guestPath">Where QEMU's is.</param>
    /// <param name="impairment">What the link does.</param>
    public ImpairmentProxy(string interfaceName, string ownPath, string guestPath, Impairment impairment)
    {
        _guestPath = guestPath;
        _toWire = new ImpairedDirection(impairment, 0);
        _toGuest = new ImpairedDirection(impairment, 1);
        _wire = PacketEndPoint.Open(interfaceName);
        _wire.ReceiveBufferSize = 4 << 20;
        _wire.ReceiveTimeout = ReceiveMilliseconds;
        _guest = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = ReceiveMilliseconds };
        File.Delete(ownPath);
        _guest.Bind(new UnixDomainSocketEndPoint(ownPath));
        var peer = new UnixDomainSocketEndPoint(_guestPath);
        _guestLine = new DelayLine<Carried>(carried =>
        {
            if (TrySend(() => _guest.SendTo(carried.Frame, peer)) && carried.IsIntact)
            {
                _guestSends.Received(carried.Frame, Now);
            }
        });
        _wireLine = new DelayLine<Carried>(carried => TrySend(() => _wire.Send(carried.Frame)));
        _carriers =
        [
            new Thread(() => Carry(_guest, _toWire, _wireLine, _guestSends)) { IsBackground = true, Name = "to the wire" },
            new Thread(() => Carry(_wire, _toGuest, _guestLine, watch: null)) { IsBackground = true, Name = "to the guest" },
        ];
        foreach (var carrier in _carriers)
        {
            carrier.Start();
        }
    }

    /// <summary>Frames that an end did not take: it was not there, or its queue was full.</summary>
    public long Refused { get; private set; }

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>What was done to how many frames, a direction a line, and the guest's longest silence.</summary>
    public LinkReport Report() => new(
        [Line("to-wire", _toWire), Line("to-guest", _toGuest), string.Create(CultureInfo.InvariantCulture, $"refused {Refused}")], _guestSends.Longest);

    /// <inheritdoc />
    public void Dispose()
    {
        _ended = true;
        foreach (var carrier in _carriers)
        {
            carrier.Join();
        }

        _guestLine.Dispose();
        _wireLine.Dispose();
        _guest.Dispose();
        _wire.Dispose();
    }

    private static string Line(string name, ImpairedDirection direction) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name} frames {direction.Frames} lost {direction.Lost} reordered {direction.Reordered} doubled {direction.Doubled} corrupted {direction.Corrupted}");

    private void Carry(Socket from, ImpairedDirection direction, DelayLine<Carried> to, SilenceWatch? watch)
    {
        var buffer = new byte[LongestFrame];
        while (!_ended)
        {
            int length;
            try
            {
                length = from.Receive(buffer);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                continue;
            }

            var frame = buffer.AsSpan(0, length).ToArray();
            watch?.Sent(frame, Now);
            var fate = direction.Decide(frame);
            for (var copy = 0; copy < fate.Copies; copy++)
            {
                to.Add(new Carried(frame, fate.IsIntact), fate.Delay);
            }
        }
    }

    private bool TrySend(Func<int> send)
    {
        try
        {
            send();
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.NoBufferSpaceAvailable
            or SocketError.AddressNotAvailable or SocketError.WouldBlock or SocketError.NetworkDown || exception.NativeErrorCode == NoSuchFile)
        {
            // The guest is not there yet, or any more.
            Refused++;
            return false;
        }
    }

    // ENOENT of errno(3): QEMU has not made its socket yet.
    private const int NoSuchFile = 2;

    private readonly record struct Carried(byte[] Frame, bool IsIntact);
}
