// RFC 5227: making sure that nobody else has an address before it is used, saying that it is ours, and what to do when somebody else uses it.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ethernet;

/// <summary>What an ARP packet means for our address.</summary>
public enum AddressClaim : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Somebody else uses it for the first time in a while: it is said once more that it is ours (2.4 b).</summary>
    Defend,

    /// <summary>Somebody else uses it again: whoever gave it to us should know.</summary>
    Lost,
}

/// <summary>One address of an interface, without clocks or frames: what arrived and deadlines go in, packets to send come out.</summary>
public sealed class AddressDefense(EthernetConfiguration configuration, MacAddress hardware, IRandomness randomness)
{
    // RFC 5227 1.1: PROBE_WAIT, PROBE_MIN and PROBE_MAX, ANNOUNCE_NUM and ANNOUNCE_INTERVAL, DEFEND_INTERVAL.
    private static readonly TimeSpan ProbeWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeMinimum = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnnounceWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnnounceInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DefendInterval = TimeSpan.FromSeconds(10);
    private const int Announcements = 2;

    private int _announcementsLeft;
    private TimeSpan _nextAnnouncement = TimeSpan.MaxValue;
    private TimeSpan _defendedAt = TimeSpan.MinValue;
    private int _probesLeft;
    private TimeSpan _nextProbe = TimeSpan.MaxValue;

    /// <summary>The address we answer for; 0.0.0.0 for none.</summary>
    public Ipv4Address Address { get; private set; }

    /// <summary>The address that is being found out about; 0.0.0.0 for none.</summary>
    public Ipv4Address Probed { get; private set; }

    /// <summary>When <see cref="TryTakeDue"/> has something; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline => _nextProbe < _nextAnnouncement ? _nextProbe : _nextAnnouncement;

    /// <summary>Answers for an address from now on, and announces it twice; none for 0.0.0.0.</summary>
    public void Set(Ipv4Address address, TimeSpan now)
    {
        // A renewed lease brings the same one: nothing to announce.
        if (address == Address)
            return;
        Address = address;
        _defendedAt = TimeSpan.MinValue;
        _announcementsLeft = address.IsAny ? 0 : Announcements;
        _nextAnnouncement = address.IsAny ? TimeSpan.MaxValue : now;
    }

    /// <summary>Finds out whether somebody has an address; false when it may be used at once, because nothing is to be asked.</summary>
    public bool TryProbe(Ipv4Address address, TimeSpan now)
    {
        if (configuration.AddressProbes == 0)
            return false;
        Probed = address;
        _probesLeft = configuration.AddressProbes;
        _nextProbe = now + ProbeWait * Fraction();
        return true;
    }

    /// <summary>Takes a packet that is due; <paramref name="isFree"/> when instead the probed address turned out to be free.</summary>
    public bool TryTakeDue(TimeSpan now, out ArpPacket packet, out bool isFree)
    {
        packet = default;
        isFree = false;
        if (_nextProbe <= now)
        {
            if (_probesLeft == 0)
            {
                isFree = true;
                EndProbe();
                return false;
            }

            _probesLeft--;
            _nextProbe = now + (_probesLeft == 0 ? AnnounceWait : ProbeMinimum + ProbeMinimum * Fraction());
            packet = ArpPacket.Request(hardware, default, Probed);
            return true;
        }

        if (_nextAnnouncement > now)
            return false;
        _announcementsLeft--;
        _nextAnnouncement = _announcementsLeft > 0 ? now + AnnounceInterval : TimeSpan.MaxValue;
        packet = ArpPacket.Announce(hardware, Address);
        return true;
    }

    /// <summary>2.1.1: whether a packet shows that somebody has, or also wants, the address that is being found out about.</summary>
    public bool IsTaken(in ArpPacket packet)
    {
        if (Probed.IsAny || packet.SenderHardware == hardware)
            return false;
        bool taken = packet.SenderProtocol == Probed || (packet.SenderProtocol.IsAny && packet.TargetProtocol == Probed);
        if (taken)
            EndProbe();
        return taken;
    }

    /// <summary>2.4: what a packet means for the address that is ours.</summary>
    public AddressClaim Judge(in ArpPacket packet, TimeSpan now)
    {
        if (Address.IsAny || packet.SenderProtocol != Address || packet.SenderHardware == hardware)
            return AddressClaim.None;
        if (_defendedAt != TimeSpan.MinValue && now - _defendedAt < DefendInterval)
            return AddressClaim.Lost;
        _defendedAt = now;
        return AddressClaim.Defend;
    }

    /// <summary>Where it stands, as a hot swap hands it on.</summary>
    public AddressDefenseState Export() => new(Address, _announcementsLeft, _nextAnnouncement, _defendedAt, Probed, _probesLeft, _nextProbe);

    /// <summary>Goes on where a predecessor stopped.</summary>
    public void Import(AddressDefenseState state)
    {
        (Address, _announcementsLeft, _nextAnnouncement, _defendedAt) = (state.Address, state.AnnouncementsLeft, state.NextAnnouncement, state.DefendedAt);
        (Probed, _probesLeft, _nextProbe) = (state.Probed, state.ProbesLeft, state.NextProbe);
    }

    private void EndProbe()
    {
        Probed = default;
        _nextProbe = TimeSpan.MaxValue;
    }

    private double Fraction()
    {
        Span<byte> drawn = stackalloc byte[4];
        randomness.Fill(drawn);
        return BinaryPrimitives.ReadUInt32LittleEndian(drawn) / (double)uint.MaxValue;
    }
}
