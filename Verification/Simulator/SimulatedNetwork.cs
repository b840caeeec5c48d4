using System.Buffers.Binary;
using Troupe.Actors.TestKit;
using Troupe.Net.Wire;

namespace Troupe.Verification.Simulator;

/// <summary>
/// One Ethernet between all hosts: each port has a line with a rate and a delay towards a switch that knows everybody. What the plan does to frames happens here. Frames
/// are timers of the deterministic host, so they follow from the seed like all else.
/// </summary>
internal sealed class SimulatedNetwork(DeterministicHost host, FaultPlan plan, int seed, Action<string> trace)
{
    private static readonly Ipv4Address _router = Ipv4Address.From(10, 0, 0, 254);

    private readonly List<SimulatedHost> _ports = [];
    private readonly Random _random = new(seed ^ 0x5EED);
    private readonly List<(int Port, TimeSpan From, TimeSpan Until)> _partitions = [];
    private readonly long[] _busyUntil = new long[16];
    private TimeSpan _delay;
    private double _octetsPerSecond;
    private TimeSpan _heldUntil;
    private int _limit = int.MaxValue;
    private bool _routerIsSilent;

    /// <summary>A number made of all frames that arrived, and when.</summary>
    public ulong Fingerprint { get; private set; } = 0xCBF2_9CE4_8422_2325;

    public long Frames { get; private set; }

    public long InTransit { get; private set; }

    /// <summary>Chooses what the lines are like and what happens to them.</summary>
    public void Begin(IReadOnlyList<SimulatedHost> hosts)
    {
        _ports.AddRange(hosts);
        _delay = TimeSpan.FromMicroseconds(20 + _random.Next(10_000));
        // From 0.3 to 10 Mbit/s: slow enough for a transfer to feel faults.
        _octetsPerSecond = 37_500 * Math.Pow(33, _random.NextDouble());
        if (plan.Has(FaultKinds.Partition))
        {
            Random random = plan.Of(FaultKinds.Partition);
            for (int number = random.Next(1, 4); number > 0; number--)
            {
                TimeSpan from = plan.End * random.NextDouble();
                _partitions.Add((random.Next(-1, hosts.Count), from, from + TimeSpan.FromSeconds(random.NextDouble() * 3)));
            }
        }

        if (plan.Has(FaultKinds.MtuChange))
        {
            Random random = plan.Of(FaultKinds.MtuChange);
            _routerIsSilent = random.Next(3) == 0;
            At(plan.End * random.NextDouble() * 0.5, () =>
            {
                if (!plan.IsTime(host.Time.Elapsed))
                    return;
                _limit = random.Next(600, 1500);
                trace($"the path takes {_limit} octets{(_routerIsSilent ? " and nobody says so" : "")}");
                plan.Count(FaultKinds.MtuChange);
            });
        }
    }

    /// <summary>Faults are over: nothing is partitioned or too large any more.</summary>
    public void Heal() => _limit = int.MaxValue;

    /// <summary>A frame leaves a host.</summary>
    public void Send(SimulatedHost sender, byte[] frame)
    {
        TimeSpan now = host.Time.Elapsed;
        Frames++;
        if (IsPartitioned(sender.Port, now))
        {
            plan.Count(FaultKinds.Partition);
            return;
        }

        if (plan.Strikes(FaultKinds.Loss, 0.2, now))
            return;
        if (frame.Length - EthernetHeader.Length > _limit && plan.IsTime(now))
        {
            plan.Count(FaultKinds.MtuChange);
            if (!_routerIsSilent)
                Arrive(sender, TooBig(sender, frame), _delay);
            return;
        }

        if (IsWorthCorrupting(frame) && plan.Strikes(FaultKinds.Corruption, 0.1, now))
        {
            frame = [.. frame];
            int bit = plan.Of(FaultKinds.Corruption).Next(EthernetHeader.Length * 8, frame.Length * 8);
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        // The line is busy for as long as the frame takes.
        long start = Math.Max(now.Ticks, _busyUntil[sender.Port]);
        _busyUntil[sender.Port] = start + (long)((frame.Length + 24) / _octetsPerSecond * TimeSpan.TicksPerSecond);
        TimeSpan delay = new TimeSpan(_busyUntil[sender.Port] - now.Ticks) + _delay;
        if (plan.Strikes(FaultKinds.Reordering, 0.3, now))
            delay += _delay * plan.Of(FaultKinds.Reordering).NextDouble() * 3;
        delay = HeldUp(now, delay);
        foreach (SimulatedHost receiver in ReceiversOf(sender, frame))
        {
            Arrive(receiver, frame, delay);
            if (plan.Strikes(FaultKinds.Duplication, 0.2, now))
                Arrive(receiver, frame, delay + _delay * plan.Of(FaultKinds.Duplication).NextDouble());
        }
    }

    // Delay: everything waits until a moment. RingOverrun: so much arrives at that moment that the ring has no room for it.
    private TimeSpan HeldUp(TimeSpan now, TimeSpan delay)
    {
        if (plan.Strikes(FaultKinds.Delay, 0.02, now))
            _heldUntil = now + TimeSpan.FromMilliseconds(plan.Of(FaultKinds.Delay).Next(1, 400));
        if (plan.Strikes(FaultKinds.RingOverrun, 0.03, now))
            _heldUntil = now + delay + TimeSpan.FromMilliseconds(plan.Of(FaultKinds.RingOverrun).Next(5, 120));
        return now + delay < _heldUntil ? _heldUntil - now : delay;
    }

    private void Arrive(SimulatedHost receiver, byte[] frame, TimeSpan delay)
    {
        InTransit++;
        At(host.Time.Elapsed + delay, () =>
        {
            InTransit--;
            Mix((ulong)host.Time.Elapsed.Ticks);
            Mix((ulong)receiver.Port);
            foreach (byte octet in frame)
                Mix(octet);
            if (!IsPartitioned(receiver.Port, host.Time.Elapsed))
                receiver.Device.Receive(frame);
        });
    }

    public void At(TimeSpan time, Action action)
    {
        TimeSpan wait = time - host.Time.Elapsed;
        host.Time.CreateTimer(static action => ((Action)action!)(), action, wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    private bool IsPartitioned(int port, TimeSpan now)
    {
        if (!plan.IsTime(now))
            return false;
        foreach ((int partitioned, TimeSpan from, TimeSpan until) in _partitions)
        {
            if ((partitioned < 0 || partitioned == port) && now >= from && now < until)
                return true;
        }

        return false;
    }

    private IEnumerable<SimulatedHost> ReceiversOf(SimulatedHost sender, byte[] frame)
    {
        MacAddress destination = MacAddress.Read(frame);
        return _ports.Where(port => port != sender && (destination.IsMulticast || destination == port.Hardware));
    }

    // ARP has no checksum: a bit changed in it would send everything elsewhere until the entry ages, as on any Ethernet whose own checksum fails.
    private static bool IsWorthCorrupting(byte[] frame) => frame[12] == 0x08 && frame[13] == 0x00;

    // RFC 1191 4, by the router of the path.
    private byte[] TooBig(SimulatedHost sender, byte[] frame)
    {
        byte[] message = new byte[IcmpHeader.Length + 28];
        frame.AsSpan(EthernetHeader.Length, 28).CopyTo(message.AsSpan(IcmpHeader.Length));
        message[0] = (byte)IcmpType.DestinationUnreachable;
        message[1] = IcmpHeader.FragmentationNeeded;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)_limit);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), InternetChecksum.Compute(message));
        byte[] answer = new byte[EthernetHeader.Length + Ipv4Header.Length + message.Length];
        new EthernetHeader(sender.Hardware, new(0x0200_0000_00FE), EtherType.Ipv4).Write(answer);
        new Ipv4Header(_router, sender.Address, IpProtocol.Icmp, 1).Write(answer.AsSpan(EthernetHeader.Length), message.Length);
        message.CopyTo(answer, EthernetHeader.Length + Ipv4Header.Length);
        return answer;
    }

    // FNV-1a, as the steps' own.
    private void Mix(ulong value) => Fingerprint = (Fingerprint ^ value) * 0x0000_0100_0000_01B3;
}
