// RFC 2131 4.4, figure 5, with a clock of the test's.
using Troupe.Net.Contracts;
using Troupe.Net.Udp;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class DhcpTests
{
    private static readonly MacAddress Hardware = new(0x0200_0000_0001);
    private static readonly Ipv4Address Server = Ipv4Address.From(10, 0, 2, 2);
    private static readonly Ipv4Address Offered = Ipv4Address.From(10, 0, 2, 15);

    [Fact]
    public void DiscoversRequestsAndIsBound()
    {
        (DhcpClient client, Owner owner) = Bound();
        Assert.Equal([DhcpMessageType.Discover, DhcpMessageType.Request], owner.Sent.Select(sent => sent.Message.Type));
        Assert.Equal(Offered, owner.Sent[1].Message.RequestedAddress);
        Assert.Equal(new InterfaceConfiguration(new(Offered, 24), Server, null), Assert.Single(owner.Configured));
        Assert.Equal(DhcpState.Bound, client.State);
    }

    // RFC 2131 4.1: exponential, around 4, 8, 16 seconds.
    [Fact]
    public void AsksAgainLessAndLessOften()
    {
        (DhcpClient client, Owner owner) = Start();
        TimeSpan now = TimeSpan.Zero;
        foreach (int expected in new[] { 4, 8, 16, 32, 64, 64 })
        {
            Assert.InRange((client.NextDeadline - now).TotalSeconds, expected - 1, expected + 1);
            now = client.NextDeadline;
            client.Expire(now);
        }

        Assert.Equal(7, owner.Sent.Count);
        Assert.Single(owner.Sent.Select(sent => sent.Message.TransactionId).Distinct());
    }

    // RFC 2131 4.4.5: T1 asks the server, T2 anybody, the end of the lease takes the address away.
    [Fact]
    public void RenewsThenRebindsThenLosesItsAddress()
    {
        (DhcpClient client, Owner owner) = Bound();
        Assert.Equal(TimeSpan.FromSeconds(1800), client.NextDeadline);
        client.Expire(TimeSpan.FromSeconds(1800));
        Assert.Equal(DhcpState.Renewing, client.State);
        Assert.Equal((Offered, Server), (owner.Sent[^1].Message.ClientAddress, owner.Sent[^1].Destination));
        client.Expire(TimeSpan.FromSeconds(3150));
        Assert.Equal(DhcpState.Rebinding, client.State);
        Assert.Equal(Ipv4Address.Broadcast, owner.Sent[^1].Destination);
        client.Expire(TimeSpan.FromSeconds(3600));
        Assert.Equal(DhcpState.Selecting, client.State);
        Assert.Null(owner.Configured[^1]);
    }

    [Fact]
    public void ARenewalExtendsTheLease()
    {
        (DhcpClient client, Owner owner) = Bound();
        client.Expire(TimeSpan.FromSeconds(1800));
        client.Receive(Answer(DhcpMessageType.Acknowledge, owner.Sent[^1].Message.TransactionId), TimeSpan.FromSeconds(1801));
        Assert.Equal(DhcpState.Bound, client.State);
        Assert.Equal(TimeSpan.FromSeconds(1800 + 1800), client.NextDeadline);
        Assert.Single(owner.Configured);
    }

    [Fact]
    public void ARefusalTakesTheAddressAwayAndStartsOver()
    {
        (DhcpClient client, Owner owner) = Bound();
        client.Expire(TimeSpan.FromSeconds(1800));
        client.Receive(Answer(DhcpMessageType.NegativeAcknowledge, owner.Sent[^1].Message.TransactionId), TimeSpan.FromSeconds(1801));
        Assert.Equal(DhcpState.Selecting, client.State);
        Assert.Null(owner.Configured[^1]);
    }

    // RFC 2131 3.1 5 and 4.4.4: decline, ten seconds of silence, and begin again.
    [Fact]
    public void AnAddressThatSomebodyHasIsDeclined()
    {
        (DhcpClient client, Owner owner) = Start();
        client.Receive(Answer(DhcpMessageType.Offer, owner.Sent[0].Message.TransactionId), TimeSpan.Zero);
        client.Receive(Answer(DhcpMessageType.Acknowledge, owner.Sent[0].Message.TransactionId), TimeSpan.Zero);
        client.Checked(Offered, isFree: false, TimeSpan.FromSeconds(1));
        AssertDeclined(client, owner, TimeSpan.FromSeconds(1));
        Assert.Empty(owner.Configured);
    }

    // RFC 5227 2.4 c: an address that is used is given up when somebody else does not give way.
    [Theory]
    [InlineData(0)]
    [InlineData(1800)]
    [InlineData(3150)]
    public void AnAddressThatSomebodyElseKeepsUsingIsGivenUp(int seconds)
    {
        (DhcpClient client, Owner owner) = Bound();
        foreach (int due in new[] { 1800, 3150 }.Where(due => due <= seconds))
            client.Expire(TimeSpan.FromSeconds(due));
        client.Conflict(Offered, TimeSpan.FromSeconds(seconds));
        AssertDeclined(client, owner, TimeSpan.FromSeconds(seconds));
        Assert.Null(owner.Configured[^1]);
    }

    private static void AssertDeclined(DhcpClient client, Owner owner, TimeSpan now)
    {
        (DhcpMessage declined, Ipv4Address source, Ipv4Address destination) = owner.Sent[^1];
        Assert.Equal((DhcpMessageType.Decline, Offered, Server), (declined.Type, declined.RequestedAddress, declined.ServerIdentifier));
        Assert.Equal((Ipv4Address.Any, Ipv4Address.Broadcast), (source, destination));
        Assert.Equal(now + TimeSpan.FromSeconds(10), client.NextDeadline);
        client.Expire(client.NextDeadline);
        Assert.Equal((DhcpState.Selecting, DhcpMessageType.Discover), (client.State, owner.Sent[^1].Message.Type));
    }

    [Fact]
    public void AnAnswerToSomebodyElseIsIgnored()
    {
        (DhcpClient client, Owner owner) = Start();
        client.Receive(Answer(DhcpMessageType.Offer, owner.Sent[0].Message.TransactionId + 1), TimeSpan.Zero);
        client.Receive(Answer(DhcpMessageType.Offer, owner.Sent[0].Message.TransactionId) with { ClientHardware = new(0x0200_0000_0009) }, TimeSpan.Zero);
        Assert.Equal(DhcpState.Selecting, client.State);
    }

    [Fact]
    public void AMessageComesBackFromTheWireAsItWas()
    {
        DhcpMessage message = Answer(DhcpMessageType.Offer, 7) with
        {
            NameServer = Server,
            SecondNameServer = Offered,
            Domain = "example.org",
        };
        byte[] bytes = new byte[600];
        int length = message.WriteReply(bytes);
        Assert.Equal(WireError.None, DhcpMessage.TryParseReply(bytes.AsSpan(0, length), out DhcpMessage read));
        Assert.Equal(message, read);
    }

    private static (DhcpClient, Owner) Start()
    {
        Owner owner = new();
        DhcpClient client = new(Hardware, new SeededRandomness(1), owner);
        client.Start(TimeSpan.Zero);
        return (client, owner);
    }

    private static (DhcpClient, Owner) Bound()
    {
        (DhcpClient client, Owner owner) = Start();
        client.Receive(Answer(DhcpMessageType.Offer, owner.Sent[0].Message.TransactionId), TimeSpan.Zero);
        client.Receive(Answer(DhcpMessageType.Acknowledge, owner.Sent[0].Message.TransactionId), TimeSpan.Zero);
        client.Checked(Assert.Single(owner.Checks), isFree: true, TimeSpan.Zero);
        return (client, owner);
    }

    private static DhcpMessage Answer(DhcpMessageType type, uint transaction) => new()
    {
        Type = type,
        TransactionId = transaction,
        ClientHardware = Hardware,
        YourAddress = Offered,
        ServerIdentifier = Server,
        Mask = Ipv4Address.From(255, 255, 255, 0),
        Gateway = Server,
        LeaseSeconds = 3600,
    };

    internal sealed class Owner : IDhcpClientOwner
    {
        public List<(DhcpMessage Message, Ipv4Address Source, Ipv4Address Destination)> Sent { get; } = [];

        public List<InterfaceConfiguration?> Configured { get; } = [];

        public void Send(in DhcpMessage message, Ipv4Address source, Ipv4Address destination) => Sent.Add((message, source, destination));

        public List<Ipv4Address> Checks { get; } = [];

        public void Check(Ipv4Address address) => Checks.Add(address);

        public void Configure(InterfaceConfiguration? configuration) => Configured.Add(configuration);
    }
}
