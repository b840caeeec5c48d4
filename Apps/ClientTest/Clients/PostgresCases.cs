using System.Data;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Troupe.Apps.ClientTest.Web;

namespace Troupe.Apps.ClientTest.Clients;

/// <summary>Npgsql against PostgreSQL.</summary>
internal static class PostgresCases
{
    private const int Rows = 10_000;
    private const int Parallel = 10;

    public static async Task<int> RunAsync(Servers servers)
    {
        CaseRun run = new("postgres");
        await using NpgsqlDataSource source = Open(servers);
        await run.CaseAsync("connect", async token =>
        {
            await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
            return $"PostgreSQL {connection.PostgreSqlVersion.Major}, {connection.State}, time zone {connection.Timezone}";
        });
        await run.CaseAsync("parameters", token => ParametersAsync(source, token));
        await run.CaseAsync("synchronous", _ => Task.FromResult(Synchronous(source)));
        await run.CaseAsync("prepared", token => PreparedAsync(source, token));
        await run.CaseAsync("batch", token => BatchAsync(source, token));
        await run.CaseAsync("transaction", token => TransactionAsync(source, token));
        await run.CaseAsync("copy", token => CopyAsync(source, token));
        await run.CaseAsync("large-result", token => LargeResultAsync(source, token));
        await run.CaseAsync("large-value", token => LargeValueAsync(source, token));
        await run.CaseAsync("json", token => JsonAsync(source, token));
        await run.CaseAsync("notifications", token => NotificationsAsync(source, token));
        await run.CaseAsync("error", token => ErrorAsync(source, token));
        await run.CaseAsync("pool", token => PoolAsync(source, token));
        await run.CaseAsync("cancellation", token => CancellationAsync(source, token));
        await run.CaseAsync("timeout", token => TimeoutAsync(source, token));
        await run.CaseAsync("terminated", token => TerminatedAsync(source, token));
        await run.CaseAsync("wrong-password", token => RefusedAsync(servers, static settings => settings.Password = "wrong", token));
        await run.CaseAsync("no-database", token => RefusedAsync(servers, static settings => settings.Database = "nowhere", token));
        await run.CaseAsync("refused", token => RefusedAsync(servers, settings => settings.Port = servers.Port("closed"), token));
        await run.CaseAsync("tls", token => TlsAsync(servers, token));
        await run.CaseAsync("tls.untrusted", token => RefusedAsync(
            servers,
            settings => (settings.Port, settings.SslMode) = (servers.Port("postgres-untrusted"), SslMode.VerifyFull),
            token));
        return run.End();
    }

    private static NpgsqlDataSource Open(Servers servers, Action<NpgsqlConnectionStringBuilder>? with = null)
    {
        NpgsqlConnectionStringBuilder settings = new()
        {
            Host = servers.Host,
            Port = servers.Port("postgres"),
            Username = "tester",
            Password = "secret",
            Database = "postgres",
            SslMode = SslMode.Disable,
            MaxPoolSize = Parallel,
            Timeout = 30,
            KeepAlive = 20,
        };
        with?.Invoke(settings);
        NpgsqlSlimDataSourceBuilder builder = new(settings.ConnectionString);
        builder.EnableTransportSecurity().EnableArrays().EnableJsonTypes();
        return builder.Build();
    }

    private static async Task<string> ParametersAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlCommand command = source.CreateCommand("SELECT $1 + 1, $2 || '!', $3, $4, $5, $6, $7::text, $8");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 41 });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "Grüße, 世界" });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = 12345678901234.5678m });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = new DateTime(2026, 11, 26, 4, 5, 6, DateTimeKind.Utc).AddMicroseconds(7) });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = [0, 1, 254, 255] });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = new Guid("01234567-89ab-cdef-0123-456789abcdef") });
        command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [3, 1, 2] });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
        CaseRun.Must(await reader.ReadAsync(token), "There is no row.");
        string values = string.Join(" | ", reader.GetInt32(0), reader.GetString(1), reader.GetDecimal(2), reader.GetDateTime(3).ToString("O", CultureInfo.InvariantCulture), Convert.ToHexString(reader.GetFieldValue<byte[]>(4)), reader.GetGuid(5));
        return $"{values} | {(reader.IsDBNull(6) ? "null" : "?")} | {string.Join(',', reader.GetFieldValue<int[]>(7))}";
    }

    private static string Synchronous(NpgsqlDataSource source)
    {
        using NpgsqlConnection connection = source.OpenConnection();
        using NpgsqlCommand command = new("SELECT count(*) FROM generate_series(1, 1000)", connection);
        return $"{command.ExecuteScalar()}";
    }

    private static async Task<string> PreparedAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        await using NpgsqlCommand command = new("SELECT $1 * $1", connection);
        NpgsqlParameter<long> factor = new();
        command.Parameters.Add(factor);
        factor.TypedValue = 0;
        await command.PrepareAsync(token);
        long sum = 0;
        for (int i = 1; i <= 200; i++)
        {
            factor.TypedValue = i;
            sum += (long)(await command.ExecuteScalarAsync(token))!;
        }

        return $"prepared {command.IsPrepared}, {sum}";
    }

    private static async Task<string> BatchAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlBatch batch = source.CreateBatch();
        for (int i = 0; i < 20; i++)
        {
            NpgsqlBatchCommand command = new("SELECT $1");
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = i });
            batch.BatchCommands.Add(command);
        }

        List<int> answers = [];
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(token);
        do
        {
            while (await reader.ReadAsync(token))
                answers.Add(reader.GetInt32(0));
        }
        while (await reader.NextResultAsync(token));
        return string.Join(',', answers);
    }

    private static async Task<string> TransactionAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        await ExecuteAsync(connection, "CREATE TEMP TABLE kept (value int)", token);
        await using (NpgsqlTransaction abandoned = await connection.BeginTransactionAsync(IsolationLevel.Serializable, token))
        {
            await ExecuteAsync(connection, "INSERT INTO kept VALUES (1)", token);
            await abandoned.RollbackAsync(token);
        }

        await using (NpgsqlTransaction transaction = await connection.BeginTransactionAsync(token))
        {
            await ExecuteAsync(connection, "INSERT INTO kept VALUES (2)", token);
            await transaction.SaveAsync("point", token);
            await ExecuteAsync(connection, "INSERT INTO kept VALUES (3)", token);
            await transaction.RollbackAsync("point", token);
            await transaction.CommitAsync(token);
        }

        await using NpgsqlCommand command = new("SELECT array_agg(value) FROM kept", connection);
        return string.Join(',', (int[])(await command.ExecuteScalarAsync(token))!);
    }

    private static async Task<string> CopyAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        await ExecuteAsync(connection, "CREATE TEMP TABLE copied (number int, name text)", token);
        ulong imported;
        await using (NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync("COPY copied FROM STDIN (FORMAT binary)", token))
        {
            for (int i = 0; i < Rows; i++)
            {
                await importer.StartRowAsync(token);
                await importer.WriteAsync(i, NpgsqlDbType.Integer, token);
                await importer.WriteAsync($"row {i}", NpgsqlDbType.Text, token);
            }

            imported = await importer.CompleteAsync(token);
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int lines = 0;
        using TextReader reader = await connection.BeginTextExportAsync("COPY (SELECT * FROM copied ORDER BY number) TO STDOUT", token);
        while (await reader.ReadLineAsync(token) is { } line)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(line));
            lines++;
        }

        return $"{imported} in, {lines} out, SHA-256 {Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    private static async Task<string> LargeResultAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlCommand command = source.CreateCommand("SELECT i, repeat('x', i % 50) FROM generate_series(1, 100000) AS i");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
        long sum = 0, characters = 0;
        while (await reader.ReadAsync(token))
        {
            sum += reader.GetInt32(0);
            characters += reader.GetString(1).Length;
        }

        return $"sum {sum}, {characters} characters";
    }

    private static async Task<string> LargeValueAsync(NpgsqlDataSource source, CancellationToken token)
    {
        byte[] sent = new byte[8_000_000];
        new Random(1).NextBytes(sent);
        await using NpgsqlCommand command = source.CreateCommand("SELECT $1, sha256($1)");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = sent });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, token);
        CaseRun.Must(await reader.ReadAsync(token), "There is no row.");
        byte[] received = await reader.GetFieldValueAsync<byte[]>(0, token);
        byte[] hash = await reader.GetFieldValueAsync<byte[]>(1, token);
        CaseRun.Must(received.AsSpan().SequenceEqual(sent), "The value came back changed.");
        return $"{received.Length} bytes there and back, SHA-256 as the server's: {SHA256.HashData(received).AsSpan().SequenceEqual(hash)}";
    }

    private static async Task<string> JsonAsync(NpgsqlDataSource source, CancellationToken token)
    {
        Order order = new("Ada", [new OrderLine("wheel", 4, 12.50m), new OrderLine("belt", 1, 3.99m)]);
        await using NpgsqlCommand command = source.CreateCommand("SELECT $1 || '{\"Customer\": \"Grace\"}'::jsonb");
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(order, MessageContext.Default.Order), NpgsqlDbType = NpgsqlDbType.Jsonb });
        Order answered = JsonSerializer.Deserialize((string)(await command.ExecuteScalarAsync(token))!, MessageContext.Default.Order)!;
        return $"{answered.Customer}, {answered.Lines.Count} lines, {answered.Lines[0]}";
    }

    private static async Task<string> NotificationsAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection listener = await source.OpenConnectionAsync(token);
        await using NpgsqlConnection sender = await source.OpenConnectionAsync(token);
        List<string> heard = [];
        listener.Notification += (_, notification) => heard.Add(notification.Payload);
        await ExecuteAsync(listener, "LISTEN news", token);
        for (int i = 0; i < 3; i++)
            await ExecuteAsync(sender, $"NOTIFY news, 'number {i}'", token);
        while (heard.Count < 3)
            await listener.WaitAsync(token);
        await ExecuteAsync(listener, "UNLISTEN *", token);
        return string.Join(", ", heard);
    }

    private static async Task<string> ErrorAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        List<string> states = [];
        foreach (string wrong in (string[])["SELECT 1 / 0", "SELEKT", "SELECT * FROM nothing", "SELECT 'x'::int"])
            states.Add((await CaseRun.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, wrong, token))).SqlState);
        await ExecuteAsync(connection, "SELECT 1", token);
        return $"{string.Join(' ', states)}, then {connection.State}";
    }

    private static async Task<string> PoolAsync(NpgsqlDataSource source, CancellationToken token)
    {
        // As many at once as the pool holds, several rounds: nothing is opened twice.
        HashSet<int> processes = [];
        for (int round = 0; round < 5; round++)
        {
            int[] used = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async _ =>
            {
                await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
                await ExecuteAsync(connection, "SELECT pg_sleep(0.2)", token);
                return connection.ProcessID;
            }));
            processes.UnionWith(used);
            CaseRun.Must(used.Distinct().Count() == Parallel, $"{used.Distinct().Count()} connections did the work of {Parallel}.");
        }

        return $"{processes.Count} connections";
    }

    private static async Task<string> CancellationAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(token);
        soon.CancelAfter(TimeSpan.FromMilliseconds(300));
        OperationCanceledException exception = await CaseRun.ThrowsAsync<OperationCanceledException>(() => ExecuteAsync(connection, "SELECT pg_sleep(50)", soon.Token));
        // The server was asked, by a connection of its own, and this connection goes on.
        await ExecuteAsync(connection, "SELECT 1", token);
        return $"{(exception.InnerException as PostgresException)?.SqlState}, then {connection.State}";
    }

    private static async Task<string> TimeoutAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        await using NpgsqlCommand command = new("SELECT pg_sleep(50)", connection) { CommandTimeout = 1 };
        NpgsqlException exception = await CaseRun.ThrowsAsync<NpgsqlException>(() => command.ExecuteNonQueryAsync(token));
        await ExecuteAsync(connection, "SELECT 1", token);
        return $"{exception.InnerException?.GetType().Name}, then {connection.State}";
    }

    private static async Task<string> TerminatedAsync(NpgsqlDataSource source, CancellationToken token)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(token);
        await using NpgsqlConnection other = await source.OpenConnectionAsync(token);
        await ExecuteAsync(other, string.Create(CultureInfo.InvariantCulture, $"SELECT pg_terminate_backend({connection.ProcessID}, 10000)"), token);
        NpgsqlException exception = await CaseRun.ThrowsAsync<NpgsqlException>(() => ExecuteAsync(connection, "SELECT 1", token));
        string state = $"{connection.FullState}";
        await connection.CloseAsync();
        await connection.OpenAsync(token);
        await ExecuteAsync(connection, "SELECT 1", token);
        return $"{(exception as PostgresException)?.SqlState ?? exception.GetType().Name}, {state}, then {connection.State}";
    }

    private static async Task<string> RefusedAsync(Servers servers, Action<NpgsqlConnectionStringBuilder> with, CancellationToken token)
    {
        await using NpgsqlDataSource source = Open(servers, with);
        NpgsqlException exception = await CaseRun.ThrowsAsync<NpgsqlException>(async () => await source.OpenConnectionAsync(token));
        return exception switch
        {
            PostgresException refused => refused.SqlState,
            { InnerException: System.Net.Sockets.SocketException socket } => $"SocketError.{socket.SocketErrorCode}",
            _ => $"{exception.GetType().Name}, {exception.InnerException?.GetType().Name}: {exception.InnerException?.Message}",
        };
    }

    private static async Task<string> TlsAsync(Servers servers, CancellationToken token)
    {
        await using NpgsqlDataSource source = Open(servers, static settings => settings.SslMode = SslMode.VerifyFull);
        await using NpgsqlCommand command = source.CreateCommand("SELECT version || ' ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        string answer = (string)(await command.ExecuteScalarAsync(token))!;
        return $"{answer}, {await LargeValueAsync(source, token)}";
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken token)
    {
        await using NpgsqlCommand command = new(text, connection);
        await command.ExecuteNonQueryAsync(token);
    }
}
