using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Networks;
using Troupe.Tools.Networks.Attacks;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>An attacker on the guest's link, who writes whole frames, and has addresses of its own for connections that are real.</summary>
internal sealed class AttackScene : IDisposable
{
    /// <summary>An address of this host's that no honest client uses.</summary>
    public const string AttackerAddress = "10.77.66.66";

    // Frames that may wait for QEMU: what an honest client's frames wait behind.
    private const int Window = 256;
    private static readonly string _taken = $"/sys/class/net/{GuestOnTap.Tap}/statistics/tx_packets";
    private static readonly string _lost = $"/sys/class/net/{GuestOnTap.Tap}/statistics/tx_dropped";

    private readonly Socket _wire = PacketEndPoint.Open(GuestOnTap.Tap);
    private readonly long _lostBefore = Read(_lost);
    private long _offset = Read(_taken);

    public AttackScene(int seed, UInt128 guestLinkLocal)
    {
        Target = new(
            PrivateNetwork.HardwareOf(IPAddress.Parse(GuestOnTap.GuestAddress)), 0x0200_0000_0066, AttackTarget.V4(GuestOnTap.GuestAddress),
            AttackTarget.V4(AttackerAddress), guestLinkLocal, AttackTarget.V6("fe80::66"), GuestOnTap.Port,
            AttackTarget.V4(GuestOnTap.HostAddress));
        Seed = seed;
        Forge = new(Target, seed);
    }

    /// <summary>What everything that is drawn follows from.</summary>
    public int Seed { get; }

    public AttackTarget Target { get; }

    public FrameForge Forge { get; }

    /// <summary>Frames the guest's card was given.</summary>
    public long Sent { get; private set; }

    /// <summary>Frames that the tap had no room for.</summary>
    public long Lost => Read(_lost) - _lostBefore;

    /// <summary>Sends a frame; now and then waits until QEMU has taken what was sent before.</summary>
    public void Send(byte[] frame)
    {
        _wire.Send(frame);
        Sent++;
        if (Sent % (Window / 4) == 0)
        {
            Wait(Window);
        }
    }

    /// <summary>Sends frames, as fast as the guest takes them.</summary>
    public Task FloodAsync(long count, TimeSpan longest, Func<byte[]> frame, CancellationToken cancellation) => Task.Factory.StartNew(
        () =>
        {
            var clock = Stopwatch.StartNew();
            for (long sent = 0; sent < count && clock.Elapsed < longest && !cancellation.IsCancellationRequested; sent++)
            {
                Send(frame());
            }

            Wait(0);
        },
        cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Opens a connection from the attacker's own address.</summary>
    public static Task<Socket> ConnectAsync(CancellationToken cancellation, int port = 0) =>
        PrivateNetwork.ConnectAsync(new IPEndPoint(IPAddress.Parse(AttackerAddress), port), GuestOnTap.EndPoint, cancellation);

    public void Dispose() => _wire.Dispose();

    // A guest that takes nothing for so long takes nothing at all; its honest client will tell.
    private void Wait(int outstanding)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(10))
        {
            var waiting = Sent - (Read(_taken) - _offset);
            if (waiting < 0)
            {
                // Others' frames were taken as well.
                _offset -= waiting;
                return;
            }

            if (waiting <= outstanding)
            {
                return;
            }

            Thread.Sleep(1);
        }
    }

    private static long Read(string file) => long.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
}
