using Microsoft.Extensions.Options;
using Sandbox.Cluster.Silo.Storage.Checkpoints;
using Sandbox.Cluster.Tests.Deploy.Kubernetes;

namespace Sandbox.Cluster.Tests.Silo.Storage;

/// <summary>Settings of storage that a silo does not start with: it would break each context that is placed on it.</summary>
public sealed class StorageSettingsTests
{
    private const string Key = "c2VjcmV0";

    [Theory]
    [InlineData("AzureBlob", "ServiceUri", "127.0.0.1/container")]
    [InlineData("AzureBlob", "ServiceUri", "http://account.blob.core.windows.net")]
    [InlineData("AzureBlob", "ConnectionString", $"AccountName=a;AccountKey={Key};BlobEndpoint")]
    [InlineData("AzureBlob", "ConnectionString", $"AccountName=a;AccountKey={Key}!")]
    [InlineData("AzureBlob", "ConnectionString", $"{Key}")]
    [InlineData("Redis", "ConnectionString", "")]
    [InlineData("Redis", "ConnectionString", $"redis:6379,password={Key},abortConnect=often")]
    public void AStoreOfCheckpointsThatCannotBe_IsNamed_AndNoSecretIs(string kind, string name, string value)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Settings.OfASilo<CheckpointStoreOptions>(
            ("Sandbox__Checkpoints__Store__Kind", kind), ($"Sandbox__Checkpoints__Store__{name}", value)));
        Assert.Contains($"{CheckpointStoreOptions.Section}:{name}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AzureBlob", "ServiceUri", "https://account.blob.core.windows.net")]
    [InlineData("AzureBlob", "ConnectionString", $"AccountName=a;AccountKey={Key};BlobEndpoint=http://127.0.0.1:10000/a")]
    [InlineData("Redis", "ConnectionString", "redis:6379,password=secret")]
    public void AStoreOfCheckpoints_IsTaken(string kind, string name, string value) =>
        Assert.Equal(kind, Settings.OfASilo<CheckpointStoreOptions>(
            ("Sandbox__Checkpoints__Store__Kind", kind), ($"Sandbox__Checkpoints__Store__{name}", value)).Kind.ToString());

    [Theory]
    [InlineData("not an address")]
    [InlineData("http://account.table.core.windows.net")]
    public void AnAddressOfTablesThatTakesNoToken_IsNamed(string address)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Settings.OfASilo<CheckpointStoreOptions>(("Sandbox__AzureTables__ServiceUri", address)));
        Assert.Equal("Sandbox:AzureTables:ServiceUri must begin with https://.", error.Message);
    }

    [Theory]
    [InlineData("Orleans:Clustering:ServiceKey")]
    [InlineData("Orleans:GrainStorage:contexts:ServiceKey")]
    public void TablesWithoutAnAddress_AreMissed(string key)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Settings.OfASilo<CheckpointStoreOptions>((key, "azure-tables")));
        Assert.Equal($"Sandbox:AzureTables:ServiceUri must be set: {key} names it.", error.Message);
    }
}
