// RFC 1034, RFC 1035, RFC 2308, RFC 5452, RFC 6891, RFC 7766: two stacks in virtual time, one of them a server.
using System.Buffers.Binary;
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class DnsTests(ITestOutputHelper output)
{
    [Fact]
    public void ANameHasItsAddressesOfBothVersions() => Run(
        asked => asked.Addresses(60, "192.0.2.1", "192.0.2.2", "2001:db8::1"),
        async (stack, server) =>
        {
            DnsResult result = await stack.ResolveAsync("www.Example.org");
            Assert.Equal((DnsStatus.Found, "www.example.org"), (result.Status, result.Name));
            // There is an IPv4 address to talk from, and none of IPv6 beyond the link.
            Assert.Equal(["192.0.2.1", "192.0.2.2", "2001:db8::1"], result.Addresses.Select(address => address.ToString()));
            Assert.Equal([DnsType.Aaaa, DnsType.A], server.Asked.Select(asked => asked.Type).OrderDescending());
            Assert.All(server.Asked, asked => Assert.True(asked.IsExtended));
        });

    // RFC 5452 9.2: every question from a port and with an identifier of its own.
    [Fact]
    public void PortsAndIdentifiersAreDrawn() => Run(
        asked => asked.Addresses(0, "192.0.2.1"),
        async (stack, server) =>
        {
            for (int index = 0; index < 20; index++)
                await stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.True(server.Asked.Select(asked => asked.Port).Distinct().Count() > 18);
            Assert.True(server.Asked.Select(asked => asked.Id).Distinct().Count() > 18);
        });

    // RFC 1035 7.4; RFC 2181 8 for no time at all.
    [Fact]
    public void AnAnswerIsRememberedForItsTime() => Run(
        asked => asked.Addresses(asked.Name.StartsWith("short", StringComparison.Ordinal) ? 0u : 100u, "192.0.2.1"),
        async (stack, server) =>
        {
            await stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            await stack.ResolveAsync("EXAMPLE.org", DnsFamilies.Ipv4);
            Assert.Single(server.Asked);
            await Task.Delay(TimeSpan.FromSeconds(101), Time);
            await stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal(2, server.Asked.Count);
            await stack.ResolveAsync("short.example.org", DnsFamilies.Ipv4);
            await stack.ResolveAsync("short.example.org", DnsFamilies.Ipv4);
            Assert.Equal(4, server.Asked.Count);
        });

    // RFC 2308 5: from the zone's own word; without one not at all.
    [Fact]
    public void ThatThereIsNothingIsRememberedForTheZonesTime() => Run(
        asked => asked.Name switch
        {
            "none.example.org" => asked.Answer(DnsResponseCode.NameError, negativeSeconds: 50),
            "empty.example.org" => asked.Answer(negativeSeconds: 50),
            _ => asked.Answer(DnsResponseCode.NameError),
        },
        async (stack, server) =>
        {
            foreach (int round in new[] { 1, 2 })
            {
                Assert.Equal(DnsStatus.NoSuchName, (await stack.ResolveAsync("none.example.org", DnsFamilies.Ipv4)).Status);
                Assert.Equal(DnsStatus.NoAddress, (await stack.ResolveAsync("empty.example.org", DnsFamilies.Ipv4)).Status);
                Assert.Equal(DnsStatus.NoSuchName, (await stack.ResolveAsync("mute.example.org", DnsFamilies.Ipv4)).Status);
                Assert.Equal(round == 1 ? 3 : 4, server.Asked.Count);
            }

            await Task.Delay(TimeSpan.FromSeconds(51), Time);
            await stack.ResolveAsync("none.example.org", DnsFamilies.Ipv4);
            Assert.Equal(5, server.Asked.Count);
        });

    // RFC 1034 3.6.2: in whatever order they stand; what is not there is asked for; a ring is not followed for ever.
    [Fact]
    public void OtherNamesAreFollowed() => Run(
        asked => asked.Name switch
        {
            "a.example.org" => asked.Answer(records: [
                ("c.example.org", DnsType.A, 10, [192, 0, 2, 7]), ("b.example.org", DnsType.Cname, 20, DnsAsked.NameData("c.example.org")),
                ("a.example.org", DnsType.Cname, 30, DnsAsked.NameData("b.example.org"))]),
            "d.example.org" => asked.Answer(records: [("d.example.org", DnsType.Cname, 30, DnsAsked.NameData("e.example.org"))]),
            "e.example.org" => asked.Addresses(40, "192.0.2.8"),
            "ring.example.org" => asked.Answer(records: [
                ("ring.example.org", DnsType.Cname, 30, DnsAsked.NameData("x.example.org")), ("x.example.org", DnsType.Cname, 30, DnsAsked.NameData("ring.example.org"))]),
            _ => null,
        },
        async (stack, _) =>
        {
            DnsResult chain = await stack.ResolveAsync("a.example.org", DnsFamilies.Ipv4);
            Assert.Equal(("c.example.org", "192.0.2.7"), (chain.Name, Assert.Single(chain.Addresses).ToString()));
            DnsResult split = await stack.ResolveAsync("d.example.org", DnsFamilies.Ipv4);
            Assert.Equal(("e.example.org", "192.0.2.8"), (split.Name, Assert.Single(split.Addresses).ToString()));
            Assert.Equal(DnsStatus.TryAgain, (await stack.ResolveAsync("ring.example.org", DnsFamilies.Ipv4)).Status);
        });

    // RFC 5452 9.1: what was not asked for is not believed, and does not end the wait for the true answer.
    [Fact]
    public void WhatWasNotAskedForIsNotBelieved() => Run(
        asked => asked.Name == "other.example.org"
            ? asked.Answer(records: [("evil.example.org", DnsType.A, 10, [192, 0, 2, 66]), ("other.example.org", DnsType.A, 10, [192, 0, 2, 1])])
            : (asked with { Id = (ushort)(asked.Id + 1) }).Addresses(60, "192.0.2.66"),
        async (stack, _) =>
        {
            Assert.Equal("192.0.2.1", Assert.Single((await stack.ResolveAsync("other.example.org", DnsFamilies.Ipv4)).Addresses).ToString());
            Assert.Equal(DnsStatus.TryAgain, (await stack.ResolveAsync("example.org", DnsFamilies.Ipv4)).Status);
            Assert.True(stack["DNS"].Dropped(DropCause.Malformed) >= 2);
        });

    // RFC 5452 9.1, and that a forger wins nothing by speaking often: what is refused takes no place before the true answer, which comes last here.
    [Fact]
    public void HoweverManyForgedAnswersComeTheTrueOneIsHeard()
    {
        const int Forged = 10_000;
        Run(
            asked => asked.Addresses(60, "192.0.2.1"),
            async (stack, server) =>
            {
                DnsResult result = await stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
                Assert.Equal("192.0.2.1", Assert.Single(result.Addresses).ToString());
                Assert.Single(server.Asked);
                LayerCounters counters = stack["DNS"];
                Assert.Equal(Forged + 1, counters.Received);
                Assert.Equal((Forged / 4, Forged * 3 / 4), (counters.Dropped(DropCause.Unacceptable), counters.Dropped(DropCause.Malformed)));
                Assert.Equal(0, stack["UDP"].TotalDropped);
            },
            forged: asked => Enumerable.Range(0, Forged).Select(index =>
            {
                // A wrong identifier, a wrong name, a wrong type, and the right answer from another port.
                DnsAsked other = (index % 4) switch
                {
                    0 => asked with { Id = (ushort)(asked.Id + 1 + index) },
                    1 => asked with { Name = "example.com" },
                    2 => asked with { Type = DnsType.Aaaa },
                    _ => asked,
                };
                return (other.Addresses(60, "192.0.2.66"), (ushort)(index % 4 == 3 ? 5353 : 53));
            }));
    }

    // RFC 1035 4.2.1: the next server, and again with more patience.
    [Fact]
    public void ASilentServerIsFollowedByTheNextAndThenAskedAgain() => Run(
        _ => null,
        async (stack, server) =>
        {
            TimeSpan begin = Time.GetElapsedTime(0);
            Assert.Equal(DnsStatus.TryAgain, (await stack.ResolveAsync("example.org", DnsFamilies.Ipv4)).Status);
            Assert.Equal(2, server.Asked.Count);
            Assert.InRange((Time.GetElapsedTime(0) - begin).TotalSeconds, 11.9, 12.5);
        },
        servers: [Server, Ipv4Address.From(10, 0, 0, 77)]);

    [Fact]
    public void AServerThatFailsOrRefusesIsFollowedByTheNext() => Run(
        asked => asked.Answer(asked.Name.StartsWith("refuse", StringComparison.Ordinal) ? DnsResponseCode.Refused : DnsResponseCode.ServerFailure),
        async (stack, server) =>
        {
            Assert.Equal(DnsStatus.TryAgain, (await stack.ResolveAsync("refuse.example.org", DnsFamilies.Ipv4)).Status);
            Assert.Equal(DnsStatus.TryAgain, (await stack.ResolveAsync("fail.example.org", DnsFamilies.Ipv4)).Status);
            Assert.Equal(4, server.Asked.Count);
        });

    // RFC 6891 6.2.2.
    [Fact]
    public void AServerThatDoesNotKnowExtensionsIsAskedWithoutThem() => Run(
        asked => asked.IsExtended ? asked.Answer(DnsResponseCode.FormatError) : asked.Addresses(60, "192.0.2.1"),
        async (stack, server) =>
        {
            Assert.Equal(DnsStatus.Found, (await stack.ResolveAsync("example.org", DnsFamilies.Ipv4)).Status);
            Assert.Equal([true, false], server.Asked.Select(asked => asked.IsExtended));
        });

    // RFC 7766 5.
    [Fact]
    public void AnAnswerThatDoesNotFitComesOverTcp() => Run(
        asked => asked.OverTcp ? asked.Addresses(60, [.. Enumerable.Range(1, 50).Select(index => $"192.0.2.{index}")]) : asked.Answer(truncated: true),
        async (stack, _) =>
        {
            DnsResult result = await stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal((DnsStatus.Found, 32), (result.Status, result.Addresses.Length));
        },
        tcp: true);

    [Fact]
    public void ATruncatedAnswerOfAServerWithoutTcpEndsInTryAgain() => Run(
        asked => asked.Answer(truncated: true),
        async (stack, _) => Assert.Equal(DnsStatus.TryAgain, (await stack.ResolveAsync("example.org", DnsFamilies.Ipv4)).Status));

    // RFC 1123 6.1.4.3 and common use: dots decide which comes first; a dot at the end means the name alone.
    [Theory]
    [InlineData("host", "host.a.test host.b.test host")]
    [InlineData("host.sub", "host.sub host.sub.a.test host.sub.b.test")]
    [InlineData("host.", "host")]
    public void NamesAreTriedInTheSearchDomains(string name, string expected) => Run(
        asked => asked.Answer(DnsResponseCode.NameError, negativeSeconds: 10),
        async (stack, server) =>
        {
            Assert.Equal(DnsStatus.NoSuchName, (await stack.ResolveAsync(name, DnsFamilies.Ipv4)).Status);
            Assert.Equal(expected.Split(' '), server.Asked.Select(asked => asked.Name));
        },
        domains: ["a.test", "b.test"]);

    [Theory]
    [InlineData("192.0.2.1", DnsFamilies.Both, DnsStatus.Found)]
    [InlineData("2001:db8::1", DnsFamilies.Ipv4, DnsStatus.NoAddress)]
    [InlineData("localhost", DnsFamilies.Ipv6, DnsStatus.Found)]
    [InlineData("a..b", DnsFamilies.Both, DnsStatus.BadName)]
    [InlineData("", DnsFamilies.Both, DnsStatus.BadName)]
    [InlineData("a b", DnsFamilies.Both, DnsStatus.BadName)]
    public void WhatNeedsNoServerAsksNone(string name, DnsFamilies families, DnsStatus expected) => Run(
        _ => null,
        async (stack, server) =>
        {
            Assert.Equal(expected, (await stack.ResolveAsync(name, families)).Status);
            Assert.Empty(server.Asked);
        });

    [Fact]
    public void RequestsForTheSameNameShareAQuestion() => Run(
        asked => asked.Addresses(60, "192.0.2.1"),
        async (stack, server) =>
        {
            ValueTask<DnsResult>[] requests = [.. Enumerable.Range(0, 50).Select(_ => stack.ResolveAsync("example.org", DnsFamilies.Ipv4))];
            foreach (ValueTask<DnsResult> request in requests)
                Assert.Equal(DnsStatus.Found, (await request).Status);
            Assert.Single(server.Asked);
        });

    [Fact]
    public void QuestionsAndTheCacheAreBounded() => Run(
        asked => asked.Name.StartsWith("silent", StringComparison.Ordinal) ? null : asked.Addresses(1000, "192.0.2.1"),
        async (stack, server) =>
        {
            ValueTask<DnsResult>[] requests = [.. Enumerable.Range(0, 20).Select(index => stack.ResolveAsync($"silent{index}.test", DnsFamilies.Ipv4))];
            foreach (ValueTask<DnsResult> request in requests)
                Assert.Equal(DnsStatus.TryAgain, (await request).Status);
            Assert.Equal(4, server.Asked.Select(asked => asked.Name).Distinct().Count());
            foreach (int index in Enumerable.Range(0, 9).Append(0))
                Assert.Equal(DnsStatus.Found, (await stack.ResolveAsync($"name{index}.test", DnsFamilies.Ipv4)).Status);
            Assert.Equal(2, server.Asked.Count(asked => asked.Name == "name0.test"));
        },
        dns: new() { Questions = 4, CacheEntries = 8 });

    // RFC 1035 4.1.4: back only, so every walk ends.
    [Theory]
    [InlineData(new byte[] { 1, (byte)'a', 0 }, 0, "a", 3)]
    [InlineData(new byte[] { 1, (byte)'A', 0, 1, (byte)'b', 0xC0, 0 }, 3, "b.a", 7)]
    [InlineData(new byte[] { 0xC0, 0 }, 0, null, 0)]
    [InlineData(new byte[] { 0xC0, 2, 0xC0, 0 }, 2, null, 0)]
    [InlineData(new byte[] { 1, (byte)'a', 0xC0, 0 }, 0, null, 0)]
    [InlineData(new byte[] { 1, (byte)'a' }, 0, null, 0)]
    [InlineData(new byte[] { 64, 0 }, 0, null, 0)]
    [InlineData(new byte[] { 1, (byte)'.', 0 }, 0, null, 0)]
    public void NamesAreReadOrRefused(byte[] message, int at, string? expected, int end)
    {
        bool read = DnsName.TryRead(message, ref at, out string name);
        Assert.Equal(expected is not null, read);
        if (expected is not null)
            Assert.Equal((expected, end), (name, at));
    }

    // RFC 1035 2.3.4: 255 octets on the wire are 253 characters; no question fits more.
    [Theory]
    [InlineData(61, true)]
    [InlineData(62, false)]
    public void ANameIsReadUpToTheLongestThereIs(int last, bool expected)
    {
        byte[] message = [.. Label(63), .. Label(63), .. Label(63), .. Label(last), 0];
        int at = 0;
        Assert.Equal(expected, DnsName.TryRead(message, ref at, out string name));
        Assert.Equal(expected ? message.Length : 0, at);
        Assert.Equal(expected ? DnsName.MaximumLength - 2 : 0, name.Length);

        static byte[] Label(int length) => [(byte)length, .. Enumerable.Repeat((byte)'a', length)];
    }

    // Found by fuzzing: what was read before the answer turned out to be malformed was kept, and given out with whatever came of the question.
    [Fact]
    public void OfAMalformedAnswerNothingIsKept() => Run(
        asked =>
        {
            byte[] answer = asked.Addresses(60, "192.0.2.66");
            answer[7] = 2;
            return answer;
        },
        async (stack, _) =>
        {
            DnsResult result = await stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal(DnsStatus.TryAgain, result.Status);
            Assert.Empty(result.Addresses);
        });

    // Found by fuzzing: RFC 4291 2.5.5.2's mapped addresses are for programs, and whoever asked for IPv6 got IPv4.
    [Fact]
    public void AMappedAddressIsNoneOfIpv6() => Run(
        asked => asked.Answer(records: [("example.org", DnsType.Aaaa, 60, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1])]),
        async (stack, _) => Assert.Empty((await stack.ResolveAsync("example.org", DnsFamilies.Ipv6)).Addresses));

    [Fact]
    public void MutatedAnswersAreReadOrRefusedAndNeverThrow()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        DnsAsked asked = new(7, "a.example.org", DnsType.A, true, 1, false);
        byte[][] seeds =
        [
            asked.Addresses(60, "192.0.2.1", "192.0.2.2"), asked.Answer(DnsResponseCode.NameError, negativeSeconds: 60),
            asked.Answer(records: [("a.example.org", DnsType.Cname, 1, DnsAsked.NameData("b.example.org")), ("b.example.org", DnsType.A, 1, [1, 2, 3, 4])]),
        ];
        int refused = 0;
        for (int round = 0; round < 200_000; round++)
        {
            byte[] message = (byte[])seeds[random.Next(seeds.Length)].Clone();
            for (int flips = random.Next(1, 6); flips > 0; flips--)
                message[random.Next(random.Next(2) * 30, message.Length)] = (byte)(random.Next(3) == 0 ? 0xC0 : random.Next(256));
            if (random.Next(4) == 0)
                message = message[..random.Next(message.Length)];
            if (DnsAnswer.TryParse(message, 7, "a.example.org", DnsType.A, out DnsAnswer answer) != WireError.None)
            {
                refused++;
                continue;
            }

            string name = "a.example.org";
            int links = 8;
            uint seconds = uint.MaxValue;
            List<IpAddress> addresses = [];
            answer.TryReadAddresses(ref name, DnsType.A, ref links, addresses, 4, ref seconds);
            Assert.True(addresses.Count <= 4 && links >= -1);
            answer.ReadNegativeSeconds();
        }

        Assert.InRange(refused, 1, 199_999);
    }

    private static readonly Ipv4Address Server = TwoStacks.SecondAddress;
    private static readonly AsyncLocal<TimeProvider> _time = new();

    private static TimeProvider Time => _time.Value!;

    private static void Run(
        Func<DnsAsked, byte[]?> answer, Func<NetworkStack, FakeDnsServer, Task> scenario, IpAddress[]? servers = null, string[]? domains = null,
        bool tcp = false, DnsConfiguration? dns = null, Func<DnsAsked, IEnumerable<(byte[] Reply, ushort FromPort)>>? forged = null) => TestSystem.Run(
        async test =>
        {
            _time.Value = test.Time;
            InProcessLink link = new(test.System);
            SeededRandomness randomness = new(1);
            NetworkStack first = await NetworkStack.StartAsync(
                test.System, link.First,
                new()
                {
                    Static = new(new(TwoStacks.FirstAddress, 24)),
                    NameServers = [.. (servers ?? [Server]).Select(DnsServer.From)],
                    SearchDomains = [.. domains ?? []],
                    Dns = dns ?? new(),
                },
                randomness);
            NetworkStack second = await NetworkStack.StartAsync(test.System, link.Second, new() { Static = new(new(Server, 24)) }, randomness);
            FakeDnsServer server = new(second.Udp, second.Link, answer, forged);
            ActorRef<FakeDnsServer.Message> running = test.System.Spawn(server);
            await second.Udp.TellAsync(UdpMessage.Bind(53, server.ReceiverFor(running)));
            TcpListener? listener = tcp ? await second.ListenAsync(53, new() { RunsInTurns = true }) : null;
            Task serving = listener is null ? Task.CompletedTask : ServeTcpAsync(listener, answer);
            await scenario(first, server);
            if (listener is not null)
                await listener.DisposeAsync();
            await serving;
            // No port is left behind.
            await test.WhenIdle();
            Assert.Equal(0, first.Link.Frames.MisuseCount);
        });

    private static async Task ServeTcpAsync(TcpListener listener, Func<DnsAsked, byte[]?> answer)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            ReadResult read;
            do
            {
                read = await connection.Input.ReadAsync();
                connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
            while (read.Buffer.Length < 3 && !read.IsCompleted);

            byte[] reply = answer(DnsAsked.Read(System.Buffers.BuffersExtensions.ToArray(read.Buffer).AsSpan(2), 0, overTcp: true))!;
            byte[] framed = new byte[2 + reply.Length];
            BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)reply.Length);
            reply.CopyTo(framed, 2);
            await connection.Output.WriteAsync(framed);
            await connection.DisposeAsync();
        }
    }
}
