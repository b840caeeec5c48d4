using System.Buffers.Binary;
using System.Text;
using Troupe.Tools.Testing.Power;

namespace Troupe.Tools.Tests.Power;

/// <summary>The server of volatile disks, as NBD's protocol wants it, and with its power cut.</summary>
public sealed class NbdServerTests : IDisposable
{
    private const int Sectors = 16;

    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-nbd").FullName;
    private readonly VolatileDisk _disk = new(Sectors);
    private NbdServer? _server;

    private string Socket => Path.Combine(_folder, "nbd");

    public void Dispose()
    {
        _server?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void GreetsAsAServerOfTheFixedNewstyle()
    {
        using var client = Connect();
        Assert.Equal("NBDMAGICIHAVEOPT", Encoding.ASCII.GetString(client.Greeting, 0, 16));
        Assert.Equal(3, BinaryPrimitives.ReadUInt16BigEndian(client.Greeting.AsSpan(16)));
    }

    [Fact]
    public void SaysSizeFlagsAndBlockSizesOfItsExport()
    {
        using var client = Connect();
        var replies = client.Option(7, [0, 0, 0, 3, .. "any"u8, 0, 1, 0, 3]);
        Assert.Equal([3U, 3U, 1U], replies.Select(static reply => reply.Type));
        // NBD_INFO_EXPORT, 16 sectors, HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM.
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 1 | 4 | 8 | 32], replies[0].Data);
        Assert.Equal([0, 3, 0, 0, 2, 0, 0, 0, 0x10, 0, 2, 0, 0, 0], replies[1].Data);
        Assert.Equal(new byte[512], client.Read(0, 512));
    }

    [Theory]
    [InlineData(3U, 10)]
    [InlineData(1U, 134)]
    public void OffersItsExportByTheOldOptionToo(uint flags, int length)
    {
        using var client = Connect(flags: flags);
        var export = client.ExportName(string.Empty, length);
        Assert.Equal(Sectors * 512, BinaryPrimitives.ReadInt64BigEndian(export));
        Assert.Equal(new byte[512], client.Read(0, 512));
    }

    [Fact]
    public void RefusesOptionsItDoesNotKnowAndGoesOn()
    {
        using var client = Connect();
        // NBD_OPT_STRUCTURED_REPLY: NBD_REP_ERR_UNSUP.
        Assert.Equal(0x80000001U, Assert.Single(client.Option(8)).Type);
        // A name longer than the data: NBD_REP_ERR_INVALID.
        Assert.Equal(0x80000003U, Assert.Single(client.Option(7, 0, 0, 0, 9, 0, 0)).Type);
        Assert.Equal([2U, 1U], client.Option(3).Select(static reply => reply.Type));
        // NBD_OPT_INFO tells and does not go.
        Assert.Equal(1U, client.Option(6, new byte[6])[^1].Type);
        client.Go();
        Assert.Equal(new byte[512], client.Read(0, 512));
    }

    [Fact]
    public void AnAbortedNegotiationIsAcknowledgedAndClosed()
    {
        using var client = Connect();
        Assert.Equal(1U, Assert.Single(client.Option(2)).Type);
        Assert.True(client.IsClosed());
    }

    [Fact]
    public void WhatIsWrittenIsReadAndNotDurableBeforeAFlush()
    {
        using var client = Connect().Go();
        Assert.Equal(0U, client.Write(512, Filled(1024, 7)));
        Assert.Equal(Filled(1024, 7), client.Read(512, 1024));
        Assert.Equal(2, _disk.Unflushed);
        Assert.Equal(0U, client.Command(3));
        Assert.Equal(0, _disk.Unflushed);
        Assert.Equal(1, _server!.Flushes);
    }

    [Fact]
    public void AWriteWithForcedUnitAccessIsDurableAndOthersAreNot()
    {
        using var client = Connect().Go();
        client.Write(0, Filled(512, 1));
        Assert.Equal(0U, client.Write(512, Filled(512, 2), forceUnitAccess: true));
        Assert.Equal(1, _disk.Unflushed);
    }

    [Fact]
    public void WhatIsTrimmedReadsAsZeroesAndComesBackUntilItIsFlushed()
    {
        using var client = Connect().Go();
        client.Write(0, Filled(512, 1), forceUnitAccess: true);
        Assert.Equal(0U, client.Command(4, 0, 512));
        Assert.Equal(new byte[512], client.Read(0, 512));
        Assert.Equal(1, _disk.Unflushed);
    }

    [Theory]
    [InlineData(1, Sectors * 512UL, 512, 28)] // a write behind the end: NBD_ENOSPC
    [InlineData(1, 100UL, 512, 22)] // not a sector: NBD_EINVAL
    [InlineData(0, ulong.MaxValue - 511, 512, 22)]
    [InlineData(0, 0UL, 0, 22)]
    [InlineData(4, 0UL, Sectors * 512 + 512, 28)]
    [InlineData(9, 0UL, 512, 22)] // no command
    public void ARequestThatCannotBeDoneIsRefusedAndTheNextOneIsDone(ushort command, ulong offset, uint length, uint error)
    {
        using var client = Connect().Go();
        Assert.Equal(error, command == 1 ? client.Write(offset, new byte[length]) : client.Command(command, offset, length));
        Assert.Equal(new byte[512], client.Read(0, 512));
    }

    [Fact]
    public void AClientThatLeavesMakesPlaceForAnotherWhichFindsWhatItWrote()
    {
        using (var first = Connect().Go())
        {
            first.Write(0, Filled(512, 5));
            first.Ask(2, 0, 0, 0);
            Assert.True(first.IsClosed());
        }

        using var second = new NbdClient(Socket).Go();
        Assert.Equal(Filled(512, 5), second.Read(0, 512));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task WithoutPowerNothingIsAnsweredAndOnlyTheLastRequestMayBeDone(bool isDone, int unflushed)
    {
        using var client = Connect(new PowerCut(3, isDone)).Go();
        client.Write(0, Filled(512, 1));
        client.Command(3);
        Assert.False(_server!.PowerGone.IsCompleted);
        client.Ask(1, 0, 512, 512, Filled(512, 2));
        await _server.PowerGone.WaitAsync(TimeSpan.FromSeconds(30));
        client.Ask(1, 0, 1024, 512, Filled(512, 3));
        Assert.True(client.IsSilent());
        Assert.Equal(3, _server.Requests);
        Assert.Equal(unflushed, _disk.Unflushed);
    }

    private NbdClient Connect(PowerCut cut = default, uint flags = 3)
    {
        _server = new NbdServer(Socket, _disk, cut);
        return new NbdClient(Socket, flags);
    }

    private static byte[] Filled(int length, byte value) => [.. Enumerable.Repeat(value, length)];
}
