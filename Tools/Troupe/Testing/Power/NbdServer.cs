// NetworkBlockDevice, doc/proto.md: fixed newstyle negotiation, simple replies.
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Troupe.Tools.Testing.Power;

/// <summary>
/// Serves a <see cref="VolatileDisk"/> to one client at a time on a Unix socket, one request after the other, until the power goes: then no request is done and none answered
/// any more, and the connection stays as it is, because a machine without power says nothing.
/// </summary>
public sealed class NbdServer : IDisposable
{
    private readonly VolatileDisk _disk;
    private readonly PowerCut _cut;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _powerGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _serving;

    /// <summary>Listens at <paramref name="path"/>, where nothing may be yet.</summary>
    public NbdServer(string path, VolatileDisk disk, PowerCut cut = default)
    {
        ArgumentNullException.ThrowIfNull(disk);
        (_disk, _cut) = (disk, cut);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Completes when the power has gone. From then on nobody but the caller touches the disk.</summary>
    public Task PowerGone => _powerGone.Task;

    /// <summary>Requests that were begun.</summary>
    public int Requests { get; private set; }

    /// <summary>Flushes among them.</summary>
    public int Flushes { get; private set; }

    /// <summary>Ends the connection and the listening; what was not flushed stays in the disk's cache.</summary>
    public void Dispose()
    {
        if (_serving.IsCompleted)
        {
            return;
        }

        _end.Cancel();
        _listener.Dispose();
        _serving.GetAwaiter().GetResult();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptAsync(_end.Token).ConfigureAwait(false);
                using var stream = new NetworkStream(client);
                try
                {
                    if (await NegotiateAsync(stream).ConfigureAwait(false) && await TransmitAsync(stream).ConfigureAwait(false))
                    {
                        _powerGone.SetResult();
                        await Task.Delay(Timeout.Infinite, _end.Token).ConfigureAwait(false);
                    }
                }
                catch (IOException)
                {
                    // The client is gone; there may be another.
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException && _end.IsCancellationRequested)
        {
            // Disposed of.
        }
    }

    /// <summary>Haggles over options until the client takes the export; false if it does not.</summary>
    private async Task<bool> NegotiateAsync(NetworkStream stream)
    {
        var greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, NbdProtocol.ServerMagic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), NbdProtocol.FixedNewstyle | NbdProtocol.NoZeroes);
        await stream.WriteAsync(greeting, _end.Token).ConfigureAwait(false);
        var flags = BinaryPrimitives.ReadUInt32BigEndian(await ReadAsync(stream, 4).ConfigureAwait(false));
        while (true)
        {
            var header = await ReadAsync(stream, 16).ConfigureAwait(false);
            var option = (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
            var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
            if (BinaryPrimitives.ReadUInt64BigEndian(header) != NbdProtocol.OptionMagic || length > NbdProtocol.LongestOption)
            {
                return false;
            }

            var data = await ReadAsync(stream, (int)length).ConfigureAwait(false);
            switch (option)
            {
                case NbdOption.ExportName:
                    var zeroes = (flags & NbdProtocol.NoZeroes) != 0 ? 0 : NbdProtocol.ReservedZeroes;
                    await stream.WriteAsync((byte[])[.. Export(), .. new byte[zeroes]], _end.Token).ConfigureAwait(false);
                    return true;
                case NbdOption.Abort:
                    await ReplyAsync(stream, option, NbdOptionReply.Acknowledged).ConfigureAwait(false);
                    return false;
                case NbdOption.List:
                    // One export, with an empty name: the default.
                    await ReplyAsync(stream, option, NbdOptionReply.Server, new byte[4]).ConfigureAwait(false);
                    await ReplyAsync(stream, option, NbdOptionReply.Acknowledged).ConfigureAwait(false);
                    break;
                case NbdOption.Info or NbdOption.Go when !IsWellFormed(data):
                    await ReplyAsync(stream, option, NbdOptionReply.Invalid, Encoding.UTF8.GetBytes("the name or the list of requests is cut off")).ConfigureAwait(false);
                    break;
                case NbdOption.Info or NbdOption.Go:
                    await ReplyAsync(stream, option, NbdOptionReply.Info, [0, (byte)NbdInformation.Export, .. Export()]).ConfigureAwait(false);
                    await ReplyAsync(stream, option, NbdOptionReply.Info, BlockSizes()).ConfigureAwait(false);
                    await ReplyAsync(stream, option, NbdOptionReply.Acknowledged).ConfigureAwait(false);
                    if (option == NbdOption.Go)
                    {
                        return true;
                    }

                    break;
                default:
                    await ReplyAsync(stream, option, NbdOptionReply.Unsupported).ConfigureAwait(false);
                    break;
            }
        }
    }

    /// <summary>Does requests; true: the power has gone, false: the client has, or it makes no sense.</summary>
    private async Task<bool> TransmitAsync(NetworkStream stream)
    {
        while (true)
        {
            var header = await ReadAsync(stream, 28).ConfigureAwait(false);
            var flags = (NbdCommandFlags)BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(4));
            var command = (NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(6));
            var offset = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(16));
            var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(24));
            if (BinaryPrimitives.ReadUInt32BigEndian(header) != NbdProtocol.RequestMagic || command == NbdCommand.Disconnect
                || (length > NbdProtocol.LongestTransfer && command is NbdCommand.Read or NbdCommand.Write))
            {
                return false;
            }

            var data = command is NbdCommand.Read or NbdCommand.Write ? new byte[length] : [];
            if (command == NbdCommand.Write)
            {
                await stream.ReadExactlyAsync(data, _end.Token).ConfigureAwait(false);
            }

            Requests++;
            Flushes += command == NbdCommand.Flush ? 1 : 0;
            var isLast = Requests == _cut.Request;
            var error = isLast && !_cut.IsDone ? NbdError.None : Do(command, flags, offset, length, data);
            if (isLast)
            {
                return true;
            }

            var reply = new byte[16 + (command == NbdCommand.Read && error == NbdError.None ? data.Length : 0)];
            BinaryPrimitives.WriteUInt32BigEndian(reply, NbdProtocol.SimpleReplyMagic);
            BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), (uint)error);
            header.AsSpan(8, 8).CopyTo(reply.AsSpan(8));
            data.AsSpan(0, reply.Length - 16).CopyTo(reply.AsSpan(16));
            await stream.WriteAsync(reply, _end.Token).ConfigureAwait(false);
        }
    }

    private NbdError Do(NbdCommand command, NbdCommandFlags flags, ulong offset, uint length, byte[] data)
    {
        if (command == NbdCommand.Flush)
        {
            _disk.Flush();
            return NbdError.None;
        }

        if (command is not (NbdCommand.Read or NbdCommand.Write or NbdCommand.Trim) || length == 0 || offset % VolatileDisk.SectorSize != 0 || length % VolatileDisk.SectorSize != 0)
        {
            return NbdError.Invalid;
        }

        if (offset > (ulong)_disk.Length || length > (ulong)_disk.Length - offset)
        {
            return command == NbdCommand.Read ? NbdError.Invalid : NbdError.NoSpace;
        }

        switch (command)
        {
            case NbdCommand.Read:
                _disk.Read((long)offset, data);
                return NbdError.None;
            case NbdCommand.Write:
                _disk.Write((long)offset, data);
                break;
            default:
                // What was trimmed may read as anything; zeroes, which nobody wrote, are the least like what was there.
                _disk.Write((long)offset, new byte[length]);
                break;
        }

        if ((flags & NbdCommandFlags.ForceUnitAccess) != 0)
        {
            _disk.MakeDurable((long)offset, length);
        }

        return NbdError.None;
    }

    private byte[] Export()
    {
        var export = new byte[10];
        BinaryPrimitives.WriteInt64BigEndian(export, _disk.Length);
        BinaryPrimitives.WriteUInt16BigEndian(
            export.AsSpan(8), (ushort)(NbdTransmission.HasFlags | NbdTransmission.SendFlush | NbdTransmission.SendForceUnitAccess | NbdTransmission.SendTrim));
        return export;
    }

    /// <summary>The least, the best and the largest transfer.</summary>
    private static byte[] BlockSizes()
    {
        var sizes = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(sizes, (ushort)NbdInformation.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(2), VolatileDisk.SectorSize);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(6), 4096);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(10), NbdProtocol.LongestTransfer);
        return sizes;
    }

    /// <summary>A name, and a list of what the client would like to know. It is told all there is, whatever its name for the export.</summary>
    private static bool IsWellFormed(byte[] data)
    {
        if (data.Length < 6)
        {
            return false;
        }

        var name = BinaryPrimitives.ReadUInt32BigEndian(data);
        return name <= data.Length - 6 && data.Length == 6 + (int)name + (2 * BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(4 + (int)name)));
    }

    private async Task ReplyAsync(NetworkStream stream, NbdOption option, NbdOptionReply type, byte[]? data = null)
    {
        var reply = new byte[20 + (data?.Length ?? 0)];
        BinaryPrimitives.WriteUInt64BigEndian(reply, NbdProtocol.OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), (uint)type);
        BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(16), data?.Length ?? 0);
        data?.CopyTo(reply, 20);
        await stream.WriteAsync(reply, _end.Token).ConfigureAwait(false);
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, _end.Token).ConfigureAwait(false);
        return bytes;
    }
}
