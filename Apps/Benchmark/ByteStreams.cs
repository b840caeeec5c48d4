using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Troupe.Apps.Benchmark;

/// <summary>
/// Plain TCP for <c>./troupe bench net</c>. The client's first byte says what it wants: <c>s</c>, bytes without end; <c>r</c>, somebody who reads its own until it
/// closes and then says how many came (64 bits, little endian); <c>e</c>, all it sends back.
/// </summary>
internal static class ByteStreams
{
    private const int Chunk = 64 * 1024;

    public static async Task ServeAsync(ConnectionContext connection)
    {
        PipeReader input = connection.Transport.Input;
        ReadResult first = await input.ReadAsync();
        if (first.Buffer.IsEmpty)
            return;
        byte wish = first.Buffer.FirstSpan[0];
        input.AdvanceTo(first.Buffer.GetPosition(1));
        try
        {
            await (wish switch
            {
                (byte)'s' => SendAsync(connection),
                (byte)'r' => ReceiveAsync(connection),
                (byte)'e' => EchoAsync(connection),
                _ => Task.CompletedTask,
            });
        }
        catch (ConnectionResetException)
        {
            // The client has had enough.
        }
    }

    private static async Task SendAsync(ConnectionContext connection)
    {
        PipeWriter output = connection.Transport.Output;
        while (true)
        {
            for (int written = 0; written < Chunk;)
            {
                int room = output.GetSpan().Length;
                output.Advance(room);
                written += room;
            }

            FlushResult flushed = await output.FlushAsync();
            if (flushed.IsCompleted)
                return;
        }
    }

    private static async Task ReceiveAsync(ConnectionContext connection)
    {
        // Without ConnectionClosed: over Linux's sockets it is set as soon as the client has shut down its half.
        long count = 0;
        while (true)
        {
            ReadResult result = await connection.Transport.Input.ReadAsync();
            count += result.Buffer.Length;
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }

        BinaryPrimitives.WriteInt64LittleEndian(connection.Transport.Output.GetSpan(sizeof(long)), count);
        connection.Transport.Output.Advance(sizeof(long));
        await connection.Transport.Output.FlushAsync();
    }

    private static async Task EchoAsync(ConnectionContext connection)
    {
        while (true)
        {
            ReadResult result = await connection.Transport.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                connection.Transport.Output.Write(piece.Span);
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
            await connection.Transport.Output.FlushAsync();
        }
    }
}
