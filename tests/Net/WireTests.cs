using Troupe.Apps.Hosting;
using Troupe.Net.Wire;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class WireTests(ITestOutputHelper output)
{
    // RFC 1071 3's example.
    [Fact]
    public void ChecksumOfTheRfcsExample() =>
        Assert.Equal((ushort)0x220d, InternetChecksum.Compute([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]));

    // Against the definition, for every length and in any two even parts.
    [Fact]
    public void ChecksumAgreesWithItsDefinition()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        for (int length = 0; length < 300; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            if (random.Next(4) == 0)
                bytes.AsSpan().Fill(0xFF);
            uint sum = 0;
            for (int at = 0; at < length; at += 2)
                sum += (uint)(bytes[at] << 8 | (at + 1 < length ? bytes[at + 1] : 0));
            while (sum >> 16 != 0)
                sum = (sum & 0xFFFF) + (sum >> 16);
            int split = random.Next(length / 2 + 1) * 2;
            Assert.Equal((ushort)~sum, InternetChecksum.Compute(bytes));
            Assert.Equal((ushort)~sum, InternetChecksum.Finish(InternetChecksum.Add(InternetChecksum.Add(0, bytes.AsSpan(0, split)), bytes.AsSpan(split))));
        }
    }

    // RFC 1624.
    [Fact]
    public void ChecksumUpdatesAsIfComputedAnew()
    {
        Random random = new(1);
        byte[] bytes = new byte[40];
        for (int round = 0; round < 1000; round++)
        {
            random.NextBytes(bytes);
            ushort before = (ushort)(bytes[6] << 8 | bytes[7]);
            ushort checksum = InternetChecksum.Compute(bytes);
            random.NextBytes(bytes.AsSpan(6, 2));
            Assert.Equal(InternetChecksum.Compute(bytes), InternetChecksum.Update(checksum, before, (ushort)(bytes[6] << 8 | bytes[7])));
        }
    }

    // RFC 1624 3: a sum of zero has two forms, and of data that are zero throughout it is the other one. Found by fuzzing.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 7)]
    [InlineData(0xF7, 0xFF)]
    public void TheReplyToAnEchoHasARightChecksumWhateverItsData(byte high, byte low)
    {
        byte[] message = new byte[40];
        (message[38], message[39]) = (high, low);
        IcmpHeader.WriteEchoRequest(message, 0, 0);
        IcmpHeader.TurnIntoReply(message);
        Assert.Equal(WireError.None, IcmpHeader.TryParse(message, out IcmpHeader header));
        Assert.Equal(IcmpType.EchoReply, header.Type);
    }

    // RFC 4443 3.4: the pointer leads to the number that is not known there; behind a fragment header that is the header's own first octet. Found by fuzzing.
    [Theory]
    [InlineData(48, 40)]
    [InlineData(40, 6)]
    public void AHeaderInTheWrongPlaceIsPointedToByItsNumber(int offset, int expected)
    {
        byte[] packet = new byte[48];
        Ipv6Walk walk = Ipv6Extensions.Walk(packet, Ipv6Extensions.HopByHop, offset, first: false);
        Assert.Equal((Ipv6WalkResult.Problem, 1, expected), (walk.Result, walk.ProblemCode, walk.Offset));
    }

    [Fact]
    public void ATcpHeaderComesBackFromTheWireAsItWas()
    {
        TcpOptions options = new() { MaximumSegmentSize = 1460, WindowScale = 7, SackPermitted = true, Timestamps = (1, 2) };
        TcpHeader header = new(1, 2, new(3), new(4), TcpFlags.Syn | TcpFlags.Ack, 5, options);
        byte[] segment = new byte[header.Length + 3];
        header.Write(segment, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
        Assert.Equal(WireError.None, TcpHeader.TryParse(segment, TwoStacks.FirstAddress, TwoStacks.SecondAddress, out TcpHeader read, out int length));
        Assert.Equal((header, header.Length), (read, length));
        segment[^1] ^= 1;
        Assert.Equal(WireError.BadChecksum, TcpHeader.TryParse(segment, TwoStacks.FirstAddress, TwoStacks.SecondAddress, out _, out _));
    }

    // RFC 8200 8.1: the pseudo-header has whole addresses and a length of 32 bits; the sum by its definition.
    [Fact]
    public void TheChecksumOverIpv6CoversItsPseudoHeader()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            byte[] pseudo = new byte[40];
            random.NextBytes(pseudo.AsSpan(0, 32));
            int length = random.Next(100_000);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(pseudo.AsSpan(32), length);
            pseudo[39] = (byte)IpProtocol.Udp;
            ulong sum = InternetChecksum.AddPseudoHeader(0, Ipv6Address.Read(pseudo), Ipv6Address.Read(pseudo.AsSpan(16)), (byte)IpProtocol.Udp, length);
            Assert.Equal(InternetChecksum.Compute(pseudo), InternetChecksum.Finish(sum));
        }
    }

    // RFC 8200 8.1: over IPv6 a datagram without a checksum is no datagram.
    [Fact]
    public void ADatagramOverIpv6MustHaveAChecksum()
    {
        Ipv6Address.TryParse("2001:db8::1", out Ipv6Address first);
        Ipv6Address.TryParse("2001:db8::2", out Ipv6Address second);
        byte[] datagram = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3];
        new UdpHeader(5, 6, 3).Write(datagram, first, second);
        Assert.Equal(WireError.None, UdpHeader.TryParse(datagram, first, second, out _));
        datagram[6] = datagram[7] = 0;
        Assert.Equal(WireError.BadChecksum, UdpHeader.TryParse(datagram, first, second, out _));
        Assert.Equal(WireError.None, UdpHeader.TryParse(datagram, TwoStacks.FirstAddress, TwoStacks.SecondAddress, out _));
    }

    [Theory]
    [InlineData("10.0.2.15", "10.0.2.15", true)]
    [InlineData("2001:db8::1", "2001:db8::1", false)]
    [InlineData("::ffff:10.0.2.15", "10.0.2.15", true)]
    [InlineData("::", "::", false)]
    public void AddressesOfBothVersionsComeBackFromTheirText(string text, string expected, bool ipv4)
    {
        Assert.True(IpAddress.TryParse(text, out IpAddress address));
        Assert.Equal((expected, ipv4), (address.ToString(), address.IsIpv4));
        Assert.Equal(address, IpAddress.From(address.ToIPAddress()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fe80::1%2")]
    [InlineData("[::1]")]
    [InlineData("::1/64")]
    [InlineData("1")]
    [InlineData("1:2:3")]
    public void WhatIsNoAddressIsRefused(string text) => Assert.False(IpAddress.TryParse(text, out _));

    // RFC 9293 3.2: any order, unknown ones by their length, nonsense refused.
    [Theory]
    [InlineData(new byte[] { 1, 1, 2, 4, 5, 0xB4 }, WireError.None)]
    [InlineData(new byte[] { 99, 4, 1, 2, 2, 4, 5, 0xB4 }, WireError.None)]
    [InlineData(new byte[] { 0, 2, 1 }, WireError.None)]
    [InlineData(new byte[] { 2 }, WireError.BadOption)]
    [InlineData(new byte[] { 2, 0 }, WireError.BadOption)]
    [InlineData(new byte[] { 2, 3, 5 }, WireError.BadOption)]
    [InlineData(new byte[] { 99, 9, 1 }, WireError.BadOption)]
    public void TcpOptionsAreReadOrRefused(byte[] bytes, WireError expected) => Assert.Equal(expected, TcpOptions.TryParse(bytes, out _));

    [Fact]
    public void SequenceNumbersCompareAcrossTheWrap()
    {
        SequenceNumber beforeWrap = new(uint.MaxValue - 5);
        Assert.True(beforeWrap + 10 > beforeWrap);
        Assert.Equal(10, beforeWrap + 10 - beforeWrap);
    }

    [Theory]
    [InlineData("10.0.2.15/24", true)]
    [InlineData("10.0.2.15", false)]
    [InlineData("10.0.2/24", false)]
    [InlineData("10.0.2.256/24", false)]
    [InlineData("10.0.2.15/33", false)]
    [InlineData("010.0.2.15/24", false)]
    public void NetworksAreReadOrRefused(string text, bool expected) => Assert.Equal(expected, Ipv4Network.TryParse(text, out _));

    [Theory]
    [InlineData("--ip 10.0.2.15/24 --gateway 10.0.2.2", null)]
    [InlineData("ip=10.0.2.15/24 gateway=10.0.2.2 own", null)]
    [InlineData("--ip=dhcp", null)]
    [InlineData("--ip", "wants a value")]
    [InlineData("--ip 10.0.2.15", "no address")]
    [InlineData("--gateway 10.0.2.2", "goes with a static address")]
    [InlineData("--ip 10.0.2.15/24 --gateway 10.0.3.2", "not on the network")]
    [InlineData("ip6=fd00::15/64 --gateway6 fe80::1 own --dns 10.0.2.3,fd00::53", null)]
    [InlineData("--ip6 off", null)]
    [InlineData("--ip6 auto", null)]
    [InlineData("--ip6 fd00::15", "no IPv6 address")]
    [InlineData("--ip6 ff02::1/64", "no IPv6 address")]
    [InlineData("--gateway6 fe80::1", "goes with a static IPv6 address")]
    [InlineData("--ip6 fd00::15/64 --gateway6 10.0.2.2", "no IPv6 gateway")]
    [InlineData("--dns 10.0.2.3,none", "'none' is no DNS server")]
    [InlineData("ip=eth1:dhcp ip=eth0:10.0.2.15/24 own", null)]
    [InlineData("ip=eth1:10.0.3.15", "no address")]
    [InlineData("gateway=eth1:10.0.3.2 ip=10.0.2.15/24", "goes with a static address")]
    [InlineData("ip=eth1", "names no interface")]
    [InlineData("ip=eth64:dhcp", "names no interface")]
    [InlineData("ip=eth-1:dhcp", "names no interface")]
    [InlineData("metric=eth1:low", "'low' is no metric")]
    public void TheCommandLineIsReadOrRefusedWithAReason(string line, string? reason)
    {
        bool read = UnikernelOptions.TryParse(line.Split(' '), out UnikernelOptions? options, out string? error);
        Assert.Equal(reason is null, read);
        if (reason is not null)
            Assert.Contains(reason, error, StringComparison.Ordinal);
        else if (line.Contains("own", StringComparison.Ordinal))
            Assert.Equal(["own"], options!.Rest);
    }

    [Fact]
    public void TheCommandLineGivesIpv6AndNameServers()
    {
        Assert.True(UnikernelOptions.TryParse(["--ip6", "fd00::15/64", "gateway6=fe80::1", "--dns=10.0.2.3,fd00::53"], out UnikernelOptions? options, out _));
        Assert.Equal("fd00::15/64", options[0].Ipv6.ToString());
        Assert.Equal("fe80::1", options[0].Ipv6Gateway.ToString());
        Assert.Equal(["10.0.2.3", "fd00::53"], options.NameServers.Select(server => server.ToString()));
        Assert.False(options[0].GivesAddress);
    }

    [Fact]
    public void TheCommandLineNamesTheInterfaceItSpeaksOf()
    {
        string[] line = ["ip=10.0.2.15/24", "ip=eth1:10.0.3.15/24", "gateway=eth1:10.0.3.2", "ip6=eth1:fd00::15/64", "metric=eth1:5", "--ip6", "eth2:off"];
        Assert.True(UnikernelOptions.TryParse(line, out UnikernelOptions? options, out _));
        Assert.Equal([0, 1, 2], options.Interfaces.Keys);
        Assert.Equal("10.0.2.15", options[0].Static!.Address.ToString());
        Assert.Equal("10.0.3.2", options[1].Static!.Gateway.ToString());
        Assert.Equal("fd00::15/64", options[1].Ipv6.ToString());
        Assert.Null(options[0].Metric);
        Assert.Equal(5, options[1].Metric);
        Assert.True(options[2].SwitchesIpv6Off);
        Assert.False(options[2].GivesAddress);
    }
    [Fact]
    public void TheCommandLineHasTheLastWordOnWhatTheProgramSaysOfAnInterface()
    {
        Assert.True(UnikernelOptions.TryParse(["ip=eth1:10.0.3.15/24"], out UnikernelOptions? options, out _));
        NetworkOptions network = new(options);
        network.UseInterface(1, new() { Static = new(new(Ipv4Address.From(10, 0, 9, 9), 24)), Metric = 7 });
        network.UseInterface(2, new() { Static = new(new(Ipv4Address.From(10, 0, 8, 8), 24)) });
        Assert.Equal("10.0.3.15", network.Configuration.FurtherInterfaces[1].Static!.Address.ToString());
        Assert.Equal(7, network.Configuration.FurtherInterfaces[1].Metric);
        Assert.Equal("10.0.8.8", network.Configuration.FurtherInterfaces[2].Static!.Address.ToString());
    }
}
